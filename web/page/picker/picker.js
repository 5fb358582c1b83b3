// @ts-check
/** Lets people choose among what the server has: models, LoRAs, controls, upscalers, embeddings. */

import { judge, specifies } from "../../lib/catalog.js";
import * as kinds from "../../lib/node_types.js";
import { valueOf } from "../../lib/values.js";
import { say } from "../../lib/words.js";
import { drawBy, drawPromoted, listenToFields, redraw } from "../comfyui/combobox.js";
import { asOneChange, everyNode, kindOf, labelOf, setValue, widgetOf } from "../comfyui/nodes.js";
import { whenShown } from "../comfyui/vue_observer.js";
import { updatePopover } from "../parts/popover.js";
import { whenAnythingChanges } from "../state/changes.js";
import { forgetGlimpses, glimpseOf } from "../state/surroundings.js";
import { compatibleOf, named } from "./catalog_list.js";
import { openChoice } from "./choice_popover.js";
import { addEmbeddings } from "./embedding_button.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../lib/catalog.js").Choice} Choice
 * @typedef {import("../../lib/catalog.js").Item} Item
 * @typedef {import("../comfyui/combobox.js").Spot} Spot
 */

/** @type {Readonly<Record<string, readonly [RegExp, Choice][]>>} */
const FIELDS = {
  [kinds.LOAD_MODEL]: [[/^model$/, "model"]],
  [kinds.LORA_STACK]: [[/^lora_\d+$/, "lora"]],
  [kinds.CONTROL_NET_HINT]: [[/^control$/, "control"]],
  [kinds.MOODBOARD]: [[/^control$/, "control"]],
  [kinds.SETTINGS_REFINER]: [[/^refiner_model$/, "refiner"]],
  [kinds.SETTINGS_UPSCALER]: [[/^upscaler$/, "upscaler"]],
};

const LORA_ROW = /^lora_(\d+)$/;

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpPicker(app) {
  const refresh = () => {
    forgetGlimpses();
    const nodes = everyNode(app);
    for (const node of nodes) if (node.subgraph) drawPromoted(app, node);
    redraw(app, nodes);
    updatePopover();
    app.canvas?.setDirty(true, true);
  };
  return {
    setup() {
      whenAnythingChanges(app, refresh);
      listenToFields(app);
    },
    nodeCreated(node) {
      const fields = FIELDS[kindOf(node)] ?? [];
      for (const widget of node.widgets ?? []) {
        const choice = fields.find(([name]) => name.test(widget.name))?.[1];
        if (choice) drawBy(app, node, widget, fieldFor(app, choice));
      }
      whenShown(node, refresh);
      if (kindOf(node) === kinds.PROMPT) addEmbeddings(app, node);
    },
    afterConfigureGraph: refresh,
  };
}

/**
 * @param {App} app
 * @param {Choice} choice
 * @returns {import("../comfyui/combobox.js").Field}
 */
function fieldFor(app, choice) {
  return {
    face(spot) {
      const { standing, item } = judged(app, choice, spot);
      const value = String(spot.shown.value ?? "");
      const label = labelOf(spot.shown);
      if (standing === "empty") {
        const text = say(choice === "model" ? "picker.choose" : "picker.none");
        return { label, text, tone: "quiet" };
      }
      const tone = standing === "missing" || standing === "unfit" ? standing : "plain";
      return { label, text: item?.name ?? value, tone };
    },
    hint(spot) {
      const { standing, item } = judged(app, choice, spot);
      const value = String(spot.shown.value ?? "");
      if (standing === "missing") return say("picker.missing.hint", { value });
      if (standing === "unfit") return say("picker.unfit.hint", { value, version: named(item) });
      return "";
    },
    open(spot, beside, opener) {
      openChoice(app, choice, spot, beside, opener, (row) => {
        asOneChange(app, () => {
          setValue(app, spot.shownOn, spot.shown, row.value);
          const { item } = row;
          if (choice === "lora" && item) setWeight(app, spot, /** @type {Item} */ (item));
        });
      });
    },
  };
}

/**
 * @param {App} app
 * @param {Choice} choice
 * @param {Spot} spot
 * @returns {ReturnType<typeof judge>}
 */
function judged(app, choice, spot) {
  const { node, hosts, shown } = spot;
  const { catalog, version } = glimpseOf(app, node, hosts);
  const value = String(shown.value ?? "");
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
function setWeight(app, { node, shown, shownOn }, item) {
  const row = LORA_ROW.exec(shownOn === node ? shown.name : "")?.[1];
  const weight = row && widgetOf(node, `weight_${row}`);
  if (!weight || weight.computedDisabled || item.weight === undefined) return;
  const start = node.constructor.nodeData?.inputs?.[weight.name]?.default;
  if (weight.value === start) setValue(app, node, weight, item.weight);
}
