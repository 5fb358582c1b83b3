// @ts-check
/** Finds what a widget that a subgraph shows outside stands for, in every frontend. */

import { MOST_HOSTS } from "../../lib/links.js";
import { widgetInside } from "../../lib/values.js";

/**
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 * @typedef {import("../../lib/links.js").Place} Place
 */

/**
 * Where a view says that its original is; 1.36 names it so in the first place, 1.42 in the second.
 *
 * @typedef {object} Source
 * @property {{nodeId?: unknown, widgetName?: unknown}} [_overlay]
 * @property {unknown} [sourceNodeId]
 * @property {unknown} [sourceWidgetName]
 */

/**
 * Say whether a widget has nothing of its own, but passes everything on to one inside of a
 * subgraph, as frontends 1.36 to 1.45 show those outside for which the subgraph has no input.
 *
 * @param {Widget} widget
 */
export function isView(widget) {
  return !!sourceOf(widget);
}

/**
 * Return the widget inside of a subgraph that one of its widgets stands for, with its node.
 *
 * @param {GraphNode} host
 * @param {Widget} widget
 * @returns {(Place & {node: GraphNode, name: string}) | null}
 */
export function originalOf(host, widget) {
  const source = sourceOf(widget);
  const found = source
    ? seenThrough(host, source.path, source.name, [])
    : widgetInside({ node: host, hosts: [] }, widget.name);
  return /** @type {(Place & {node: GraphNode, name: string}) | null} */ (found);
}

/**
 * @param {Widget} widget
 * @returns {{path: string[], name: string} | null}
 */
function sourceOf(widget) {
  const { _overlay, sourceNodeId, sourceWidgetName } = /** @type {Widget & Source} */ (widget);
  const id = sourceNodeId ?? _overlay?.nodeId;
  const name = sourceWidgetName ?? _overlay?.widgetName;
  if (id === undefined || typeof name !== "string") return null;
  return { path: String(id).split(":"), name };
}

/**
 * @param {GraphNode} host
 * @param {readonly string[]} path ids of nodes, from graph to graph inside
 * @param {string} name
 * @param {readonly GraphNode[]} hosts around `host`
 * @returns {(Place & {name: string}) | null}
 */
function seenThrough(host, [id = "", ...rest], name, hosts) {
  if (hosts.length >= MOST_HOSTS) return null;
  const inner = host.subgraph?.nodes.find((one) => String(one.id) === id);
  if (!inner) return null;
  const around = [...hosts, host];
  if (rest.length) return seenThrough(inner, rest, name, around);
  const widget = inner.widgets?.find((one) => one.name === name);
  if (!widget) return null;
  const source = sourceOf(widget);
  if (source) return seenThrough(inner, source.path, source.name, around);
  if (!inner.subgraph) return { node: inner, hosts: around, name };
  return widgetInside({ node: inner, hosts: around }, name);
}
