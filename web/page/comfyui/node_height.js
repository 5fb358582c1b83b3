// @ts-check
/** Keeps a node's height where widgets or slots come and go: what a person has added to it stays. */

import { heightAfter } from "../../lib/rows.js";
import { onNodeAdded, onNodeConfigured } from "./events.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

/**
 * The height that a workflow says, 0 for a new node, null once something has been hidden.
 *
 * @type {WeakMap<GraphNode, number | null>}
 */
const saidHeights = new WeakMap();

/**
 * Remember the height that a workflow gives a new node; call it when the node is created.
 *
 * @param {GraphNode} node
 */
export function rememberHeight(node) {
  saidHeights.set(node, 0);
  onNodeConfigured(node, (saved) => {
    // Not the node's own: ComfyUI has made it high enough for all parts meanwhile.
    if (saidHeights.get(node) !== null) saidHeights.set(node, saved.size?.[1] ?? node.size[1]);
  });
}

/**
 * Call `after` when a person puts a new node into the graph, before the page shows it: in frontend
 * 1.36 no Vue node gets lower than it is shown at first. Nodes of a workflow and copies, which are
 * as high as they say, are none.
 *
 * @param {App} app
 * @param {GraphNode} node whose height is remembered
 * @param {() => void} after
 */
export function onNewNode(app, node, after) {
  onNodeAdded(node, () => {
    if (saidHeights.get(node) === 0 && !app.configuringGraph) after();
  });
}

/**
 * Let parts of a node come or go, and give it the height that it has then.
 *
 * @param {GraphNode} node
 * @param {() => boolean} change answers whether anything has come or gone
 */
export function changeHeight(node, change) {
  const before = node.computeSize()[1];
  if (!change()) return;
  const [width, height] = node.size;
  const after = node.computeSize()[1];
  const said = saidHeights.get(node) ?? null;
  if (saidHeights.has(node)) saidHeights.set(node, null);
  const kept = said === null ? heightAfter(height, before, after) : Math.max(said, after);
  node.setSize([width, kept]);
  node.setDirtyCanvas(true, true);
}
