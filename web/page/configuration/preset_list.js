// @ts-check
/** Lets people choose a preset at the end of Generate, and tells of another model's settings. */

import { debounce } from "../../lib/debounce.js";
import { generateOf } from "../../lib/graph.js";
import { GENERATE, LOAD_MODEL } from "../../lib/node_types.js";
import { presetEntries, presetOf } from "../../lib/presets.js";
import { say } from "../../lib/words.js";
import { onWidgetChange } from "../comfyui/events.js";
import { everyNode, typeOf, widgetOf } from "../comfyui/nodes.js";
import { CHANGE_EVENT, ask } from "../comfyui/routes.js";
import { toast } from "../comfyui/toast.js";
import { renew } from "../comfyui/widgets.js";
import { onAnyChange } from "../state/changes.js";
import { bringsSettings, comesWithOthers } from "../state/model_presets.js";
import { surroundingsOf } from "../state/surroundings.js";
import { savePreset, takePreset } from "./presets.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../lib/presets.js").Offered} Offered
 */

/** The widget's name; it holds nothing of its own and is not saved. */
const PRESET = "preset";

/** @type {Map<string, readonly Offered[]>} */
const offers = new Map();
/** @type {Set<string>} */
const asking = new Set();
/** The name of the preset that was taken last. */
/** @type {WeakMap<GraphNode, string>} */
const taken = new WeakMap();

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpPresets(app) {
  const updateAll = debounce(() => {
    for (const node of everyNode(app)) if (typeOf(node) === GENERATE) update(app, node, updateAll);
  });
  return {
    setup() {
      onAnyChange(app, updateAll);
      app.api.addEventListener(CHANGE_EVENT, () => {
        offers.clear();
        updateAll();
      });
    },
    nodeCreated(node) {
      if (typeOf(node) === LOAD_MODEL) {
        const model = widgetOf(node, "model");
        if (model) onWidgetChange(model, () => void tellOfModel(app, node));
      }
      if (typeOf(node) === GENERATE) addList(app, node, updateAll);
    },
    afterConfigureGraph: updateAll,
  };
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {() => void} later
 */
function addList(app, node, later) {
  const choose = (/** @type {unknown} */ entry) => void chooseEntry(app, node, entry, later);
  // At the end, and not saved: the values of workflows stay where they are.
  const widget = node.addWidget("combo", PRESET, "", choose, { values: [], serialize: false });
  widget.serialize = false;
  widget.label = say("presets.label");
  widget.tooltip = say("presets.tooltip");
  for (const name of ["steps", "guidance"]) {
    const part = widgetOf(node, name);
    if (part) onWidgetChange(part, later);
  }
  update(app, node, later);
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {unknown} entry
 * @param {() => void} later
 */
async function chooseEntry(app, node, entry, later) {
  const chosen = presetOf(offeredTo(app, node, later), entry);
  if (entry === say("presets.save")) savePreset(app, node, (name) => taken.set(node, name));
  else if (chosen && (await takePreset(app, node, chosen.name))) taken.set(node, chosen.name);
  later();
}

/**
 * Return the presets for a node's model, none as long as they are unknown.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {() => void} later called when they are known
 * @returns {readonly Offered[]}
 */
function offeredTo(app, node, later) {
  const { model, version } = surroundingsOf(app, node);
  const key = JSON.stringify([model, version]);
  const known = offers.get(key);
  if (known || asking.has(key)) return known ?? [];
  asking.add(key);
  ask(app.api, "presets/list", { model, version })
    .then(({ presets }) => {
      offers.set(key, presets);
      later();
    })
    .catch(() => {}) // then nothing is offered, until something changes
    .finally(() => asking.delete(key));
  return [];
}

/**
 * Offer what goes with the node's model.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {() => void} later
 */
function update(app, node, later) {
  const widget = widgetOf(node, PRESET);
  if (!widget) return;
  const offered = node.graph ? offeredTo(app, node, later) : [];
  const { entries, chosen } = presetEntries(offered, valuesOf(node), taken.get(node) ?? null);
  const known = Array.isArray(widget.options.values) ? widget.options.values : [];
  const isOther = widget.value !== chosen || known.join("\n") !== entries.join("\n");
  if (!isOther) return;
  widget.value = chosen;
  widget.options.values = entries;
  renew(node, [widget]);
  node.setDirtyCanvas(true, true);
}

/** @param {GraphNode} generate */
function valuesOf(generate) {
  const [steps = 0, guidance = 0] = ["steps", "guidance"].map((name) =>
    Number(widgetOf(generate, name)?.value),
  );
  return { steps, guidance };
}

/**
 * Say what is recommended for a model that a person has chosen, if Generate has other values, or take
 * it over if that is wanted.
 *
 * @param {App} app
 * @param {GraphNode} load
 */
async function tellOfModel(app, load) {
  const generate = generateOf(load)?.node;
  const { model, version } = surroundingsOf(app, load);
  if (!generate || !model || comesWithOthers()) return;
  const { presets } = await ask(app.api, "presets/list", { model, version }).catch(() => ({
    presets: [],
  }));
  const best = presets.find(({ kind }) => kind === "recommended");
  const now = valuesOf(generate);
  if (!best || (best.steps === now.steps && best.guidance === now.guidance)) return;
  if (bringsSettings()) {
    await takePreset(app, generate, "");
    return;
  }
  const { steps, guidance } = best;
  const detail = say("presets.offer.detail", { steps, guidance });
  toast(app, "info", say("presets.offer"), detail);
}
