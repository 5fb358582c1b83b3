// @ts-check
/** Puts an Import Configuration node before Generate, for settings that have no widget there. */

import { feederOf } from "../../lib/graph.js";
import { IMPORT_CONFIGURATION } from "../../lib/node_types.js";
import { asOneChange } from "../comfyui/change.js";
import { setValue, widgetOf } from "../comfyui/nodes.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

const GAP_PX = 40;

/** @param {GraphNode} generate */
export function isImportWired(generate) {
  return importOf(generate, "settings") !== null;
}

/**
 * @param {GraphNode} generate
 * @param {"settings" | "loras" | "controls"} input
 */
function importOf(generate, input) {
  return feederOf(generate, input, IMPORT_CONFIGURATION)?.node ?? null;
}

/**
 * Have an Import Configuration node hold a text, wired to Generate's settings; one that is there is
 * used, else a new one is put between Generate and what was wired there.
 *
 * @param {App} app
 * @param {GraphNode} generate
 * @param {string} text
 * @param {readonly ("loras" | "controls")[]} apart what the text names that has links of its own
 */
export function wireImport(app, generate, text, apart) {
  asOneChange(app, () => {
    const wired = importOf(generate, "settings");
    const node = wired ?? addBefore(generate);
    if (!node) return;
    const widget = widgetOf(node, "configuration");
    if (widget) setValue(app, node, widget, text);
    // What is wired already, other nodes in between, must not be wired in a ring.
    if (!wired) putBetween(node, generate, "settings");
    for (const name of apart) {
      const isWired = node.graph !== generate.graph || importOf(generate, name) === node;
      if (!isWired) putBetween(node, generate, name);
    }
    generate.graph?.setDirtyCanvas(true, true);
  });
}

/**
 * @param {GraphNode} generate
 * @returns {GraphNode | null}
 */
function addBefore(generate) {
  const node = window.LiteGraph?.createNode(IMPORT_CONFIGURATION);
  if (!node || !generate.graph) return null;
  node.pos = freePlace(generate, node.size);
  generate.graph.add(node);
  return node;
}

/**
 * Return the first place left of a node, from its top downwards, where nothing lies yet.
 *
 * @param {GraphNode} beside
 * @param {[number, number]} size
 * @returns {[number, number]}
 */
function freePlace(beside, [width, height]) {
  const left = beside.pos[0] - width - GAP_PX;
  const column = (beside.graph?.nodes ?? [])
    .filter(({ pos, size }) => pos[0] < left + width && left < pos[0] + size[0])
    .sort((one, other) => one.pos[1] - other.pos[1]);
  let [, top] = beside.pos;
  for (const { pos, size } of column) {
    const isInTheWay = pos[1] - GAP_PX < top + height && top - GAP_PX < pos[1] + size[1];
    if (isInTheWay) top = pos[1] + size[1] + 2 * GAP_PX; // the title lies above a node's place
  }
  return [left, top];
}

/**
 * Wire a node's output to an input of the same name; what was wired there goes through the node.
 *
 * @param {GraphNode} node
 * @param {GraphNode} target
 * @param {string} name
 */
function putBetween(node, target, name) {
  const input = target.inputs.findIndex((slot) => slot.name === name);
  const output = node.outputs.findIndex((slot) => slot.name === name);
  const through = node.inputs.findIndex((slot) => slot.name === name);
  if (input < 0 || output < 0) return;
  const link = target.getInputLink(input);
  const before = target.getInputNode(input);
  if (link && before && through >= 0) before.connect(link.origin_slot, node, through);
  node.connect(output, target, input);
}
