// @ts-check
/** Events of nodes and widgets; what listened there before is called first. */

/**
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/**
 * Call `after` whenever a person has changed a widget.
 *
 * @param {Widget} widget
 * @param {() => void} after
 */
export function onWidgetChange(widget, after) {
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
export function onLinkChange(node, after) {
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
export function onNodeAdded(node, after) {
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
export function onNodeConfigured(node, after) {
  const before = node.onConfigure;
  node.onConfigure = function (...values) {
    before?.apply(this, values);
    after(/** @type {{size?: [number, number]}} */ (values[0] ?? {}));
  };
}

/**
 * Call `after` when a node has said what is to be saved of it, which can still be changed.
 *
 * @param {GraphNode} node
 * @param {(saved: {size?: [number, number]}) => void} after
 */
export function onNodeSaved(node, after) {
  const before = node.onSerialize;
  node.onSerialize = function (...values) {
    before?.apply(this, values);
    after(/** @type {{size?: [number, number]}} */ (values[0] ?? {}));
  };
}
