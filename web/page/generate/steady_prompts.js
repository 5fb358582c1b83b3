// @ts-check
/** Lets Generate grow for the words and the picture of a run, so that its prompts stay as they are. */

import { GENERATE } from "../../lib/node_types.js";
import { onNodeSaved } from "../comfyui/events.js";
import { shownNodes, typeOf } from "../comfyui/nodes.js";
import { PREVIEW_EVENT } from "../comfyui/preview.js";
import { holdBoxes, untilDrawn } from "../comfyui/text_boxes.js";
import { elementOf } from "../comfyui/vue_elements.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

/**
 * Boxes, and how high their node was before it grew.
 *
 * @typedef {import("../comfyui/text_boxes.js").HeldBoxes & {height: number}} Held
 */

/** @type {WeakMap<GraphNode, Held>} */
const held = new WeakMap();
/** @type {Map<string, Held>} the same by graph and node: undo makes others of both */
const lastHeld = new Map();

/** What comes shortly before the page shows something on a node. */
const EVENTS = ["execution_start", "progress_text", PREVIEW_EVENT];

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpSteadyPrompts(app) {
  return {
    setup() {
      for (const name of EVENTS) app.api.addEventListener(name, () => holdAll(app));
      // A person who makes a node smaller means its boxes.
      window.addEventListener("pointerdown", (event) => letGoAt(app, event), true);
    },
    async afterConfigureGraph() {
      const nodes = shownNodes(app, GENERATE).filter((node) => lastHeld.has(keyOf(node)));
      await untilDrawn(app, nodes);
      for (const node of nodes) {
        const last = lastHeld.get(keyOf(node));
        if (last?.height === node.size[1]) hold(app, node, last.heights);
      }
    },
    nodeCreated(node) {
      if (typeOf(node) !== GENERATE) return;
      onNodeSaved(node, (saved) => {
        const known = held.get(node);
        if (known && saved.size) saved.size = [saved.size[0], known.height];
      });
    },
  };
}

/**
 * Hold what is shown; the page takes up what an event brings only after all have heard of it.
 *
 * @param {App} app
 */
function holdAll(app) {
  for (const node of shownNodes(app, GENERATE)) hold(app, node);
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {readonly number[]} [heights]
 */
function hold(app, node, heights) {
  if (held.has(node)) return;
  const boxes = holdBoxes(app, node, heights);
  if (!boxes) return;
  const now = { ...boxes, height: node.size[1] };
  held.set(node, now);
  lastHeld.set(keyOf(node), now);
}

/**
 * @param {App} app
 * @param {PointerEvent} event
 */
function letGoAt(app, event) {
  const { target } = event;
  if (!(target instanceof Element) || !getComputedStyle(target).cursor.endsWith("-resize")) return;
  for (const node of shownNodes(app, GENERATE)) {
    const element = elementOf(app, node);
    const known = held.get(node);
    if (!known || (element && !element.contains(target))) continue;
    known.letGo();
    held.delete(node);
    lastHeld.delete(keyOf(node));
  }
}

/** @param {GraphNode} node */
function keyOf(node) {
  return `${node.graph?.id}/${node.id}`;
}
