// @ts-check
/** Lets people choose among what the server has: models, LoRAs, controls, upscalers, embeddings. */

import { fits, items, judge, specifies } from "../../lib/catalog.js";
import * as nodeTypes from "../../lib/node_types.js";
import { isLinked, valueOf } from "../../lib/values.js";
import { say } from "../../lib/words.js";
import { asOneChange } from "../comfyui/change.js";
import {
  attachCombobox,
  attachPromotedComboboxes,
  listenToFields,
  redrawComboboxes,
} from "../comfyui/combobox.js";
import { everyNode, labelOf, setValue, typeOf, widgetOf } from "../comfyui/nodes.js";
import { onNodesRendered } from "../comfyui/vue_observer.js";
import { updatePopover } from "../parts/popover.js";
import { onAnyChange } from "../state/changes.js";
import { cachedSurroundingsOf, clearSurroundingsCache } from "../state/surroundings.js";
import { compatibleOf, versionName } from "./catalog_list.js";
import { openChoice } from "./choice_popover.js";
import { addEmbeddingButton } from "./embedding_button.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../lib/catalog.js").Choice} Choice
 * @typedef {import("../../lib/catalog.js").Item} Item
 * @typedef {import("../comfyui/combobox.js").Spot} Spot
 */

/** @type {Readonly<Record<string, readonly [RegExp, Choice][]>>} */
const FIELDS = {
  [nodeTypes.LOAD_MODEL]: [[/^model$/, "model"]],
  [nodeTypes.LORA_STACK]: [[/^lora_\d+$/, "lora"]],
  [nodeTypes.CONTROL_NET_HINT]: [[/^control$/, "control"]],
  [nodeTypes.MOODBOARD]: [[/^control$/, "control"]],
  [nodeTypes.SETTINGS_REFINER]: [[/^refiner_model$/, "refiner"]],
  [nodeTypes.SETTINGS_UPSCALER]: [[/^upscaler$/, "upscaler"]],
};

const LORA_ROW = /^lora_(\d+)$/;

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpPicker(app) {
  const refresh = () => {
    clearSurroundingsCache();
    const nodes = everyNode(app);
    for (const node of nodes) if (node.subgraph) attachPromotedComboboxes(app, node);
    redrawComboboxes(app, nodes);
    updatePopover();
    app.canvas?.setDirty(true, true);
  };
  return {
    setup() {
      onAnyChange(app, refresh);
      listenToFields(app);
    },
    nodeCreated(node) {
      const fields = FIELDS[typeOf(node)] ?? [];
      for (const widget of node.widgets ?? []) {
        const choice = fields.find(([name]) => name.test(widget.name))?.[1];
        if (choice) attachCombobox(app, node, widget, catalogCombobox(app, choice));
      }
      onNodesRendered(node, refresh);
      if (typeOf(node) === nodeTypes.PROMPT) addEmbeddingButton(app, node);
    },
    afterConfigureGraph: refresh,
  };
}

/**
 * @param {App} app
 * @param {Choice} choice
 * @returns {import("../comfyui/combobox.js").Combobox}
 */
function catalogCombobox(app, choice) {
  return {
    appearance(spot) {
      const { standing, item } = standingOf(app, choice, spot);
      const value = String(spot.widget.value ?? "");
      const label = labelOf(spot.widget);
      if (standing === "empty") {
        const text = say(choice === "model" ? "picker.choose" : "picker.none");
        return { label, text, tone: "quiet" };
      }
      const tone = standing === "missing" || standing === "unfit" ? standing : "plain";
      return { label, text: item?.name ?? value, tone };
    },
    choices: (spot) => choicesOf(app, choice, spot),
    hint(spot) {
      const { standing, item } = standingOf(app, choice, spot);
      const value = String(spot.widget.value ?? "");
      if (standing === "missing") return say("picker.missing.hint", { value });
      if (standing === "unfit")
        return say("picker.unfit.hint", { value, version: versionName(item) });
      return "";
    },
    open(spot, beside, opener) {
      openChoice(app, choice, spot, beside, opener, (row) => {
        asOneChange(app, () => {
          setValue(app, spot.owner, spot.widget, row.value);
          const { item } = row;
          if (choice === "lora" && item) setWeight(app, spot, /** @type {Item} */ (item));
        });
      });
    },
  };
}

/**
 * Return what fits the model, for lists of the page's own.
 *
 * @param {App} app
 * @param {Choice} choice
 * @param {Spot} spot
 */
function choicesOf(app, choice, { node, hosts }) {
  const { catalog, version } = cachedSurroundingsOf(app, node, hosts);
  const none = choice === "model" ? [] : [{ value: "", label: say("picker.none") }];
  const fitting = items(catalog, choice).filter((item) =>
    fits(choice, item, version, compatibleOf(app)),
  );
  return [...none, ...fitting.map(({ file, name }) => ({ value: file, label: name || file }))];
}

/**
 * @param {App} app
 * @param {Choice} choice
 * @param {Spot} spot
 * @returns {ReturnType<typeof judge>}
 */
function standingOf(app, choice, spot) {
  const { node, hosts, widget } = spot;
  const { catalog, version } = cachedSurroundingsOf(app, node, hosts);
  const value = String(widget.value ?? "");
  const found = judge(catalog, choice, value, version, compatibleOf(app));
  if (found.standing !== "missing") return found;
  // A server does not know what a person says about a file, so its list does not count.
  const given = valueOf({ node, hosts }, "specification").value;
  return specifies(given, value) ? { standing: "unknown" } : found;
}

/**
 * Give a LoRA the weight that the app starts with, unless a person has chosen one.
 *
 * @param {App} app
 * @param {Spot} spot
 * @param {Item} item
 */
function setWeight(app, { node, widget, owner }, item) {
  const row = LORA_ROW.exec(owner === node ? widget.name : "")?.[1];
  const weight = row && widgetOf(node, `weight_${row}`);
  if (!weight || isLinked(node, weight.name) || item.weight === undefined) return;
  const start = node.constructor.nodeData?.inputs?.[weight.name]?.default;
  if (weight.value === start) setValue(app, node, weight, item.weight);
}
