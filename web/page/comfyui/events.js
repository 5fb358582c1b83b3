// @ts-check
/** Has things done when a node, a widget or the page changes; what was there before runs first. */

import { loadFamilies } from "../state/families.js";
import { serversOf } from "../state/servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/**
 * Call `after` whenever a person has changed a widget.
 *
 * @param {Widget} widget
 * @param {() => void} after
 */
export function whenChanged(widget, after) {
  const before = widget.callback;
  widget.callback = function (...values) {
    const answer = before?.apply(this, values);
    after();
    return answer;
  };
}

/**
 * Call `after` whenever a link of a node has come or gone.
 *
 * @param {GraphNode} node
 * @param {() => void} after
 */
export function whenRelinked(node, after) {
  const before = node.onConnectionsChange;
  node.onConnectionsChange = function (...values) {
    before?.apply(this, values);
    after();
  };
}

/**
 * Call `after` whenever a node has been put into a graph.
 *
 * @param {GraphNode} node
 * @param {() => void} after
 */
export function whenAdded(node, after) {
  const before = node.onAdded;
  node.onAdded = function (...values) {
    before?.apply(this, values);
    after();
  };
}

/**
 * Call `after` when a node has taken in what a workflow says of it.
 *
 * @param {GraphNode} node
 * @param {(saved: {size?: [number, number]}) => void} after
 */
export function whenConfigured(node, after) {
  const before = node.onConfigure;
  node.onConfigure = function (...values) {
    before?.apply(this, values);
    after(/** @type {{size?: [number, number]}} */ (values[0] ?? {}));
  };
}

/**
 * Call `after`, at most once a frame, whenever something that is shown of the graph may look
 * different: it was edited, another part of it is shown, or more is known of servers or models.
 *
 * @param {App} app
 * @param {() => void} after
 */
export function whenAnythingChanges(app, after) {
  let frame = 0;
  const later = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      after();
    });
  };
  app.api.addEventListener("graphChanged", later);
  app.canvas.canvas.addEventListener("litegraph:set-graph", later);
  app.ui.settings.addEventListener("Comfy.VueNodes.Enabled.change", later);
  serversOf(app).addEventListener("change", later);
  void loadFamilies(app).then(later);
}

/**
 * Return a function that does something once, as soon as all that runs now has run.
 *
 * @param {() => void} work
 * @returns {() => void}
 */
export function soon(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      work();
    });
  };
}
