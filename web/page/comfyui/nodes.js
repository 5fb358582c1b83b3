// @ts-check
/** Finds nodes and widgets of the page, and changes them as a person would. */

import { allNodes } from "../../lib/links.js";
import { asOneChange } from "./change.js";
import { fieldOf, fill } from "./vue_elements.js";
import { isFrozen } from "./widgets.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/**
 * Return the type of a node; while it is made, only its class knows it.
 *
 * @param {GraphNode} node
 */
export function typeOf(node) {
  return node.comfyClass ?? node.type;
}

/**
 * Return every node of the page, also those inside of subgraphs.
 *
 * @param {App} app
 * @returns {GraphNode[]}
 */
export function everyNode(app) {
  const root = app.rootGraph ?? app.graph;
  return root ? allNodes(root) : [];
}

/**
 * Return the nodes of a type in the graph that is shown.
 *
 * @param {App} app
 * @param {string} type
 */
export function shownNodes(app, type) {
  return (app.canvas.graph?.nodes ?? []).filter((node) => typeOf(node) === type);
}

/**
 * @param {GraphNode} node
 * @param {string} name
 * @returns {Widget | undefined}
 */
export function widgetOf(node, name) {
  return node.widgets?.find((widget) => widget.name === name);
}

/**
 * Return what a widget is called on its node.
 *
 * @param {Widget} widget
 */
export function labelOf(widget) {
  return widget.label ?? widget.name;
}

/**
 * Give a widget another value as a person's choice: callbacks run, and it can be undone.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {Widget} widget
 * @param {unknown} value
 */
export function setValue(app, node, widget, value) {
  const old = widget.value;
  if (old === value) return;
  asOneChange(app, () => {
    widget.value = value;
    widget.callback?.(value, app.canvas, node);
    node.onWidgetChanged?.(widget.name, value, old, widget);
    node.setDirtyCanvas(true, true);
    widget.triggerDraw?.();
    if (!isFrozen(app, node)) return;
    const field = fieldOf(app, node, widget);
    if (field instanceof HTMLInputElement) fill(field, value);
    // A field of numbers rounds what it shows.
    if (widget.value !== value) widget.value = value;
  });
}

/**
 * Return where an area of the graph that is shown lies on the page.
 *
 * @param {App} app
 * @param {[number, number]} corner
 * @param {[number, number]} size
 */
export function areaOnPage(app, [x, y], [width, height]) {
  const { canvas, ds } = app.canvas;
  const frame = canvas.getBoundingClientRect();
  return new DOMRect(
    frame.left + (x + ds.offset[0]) * ds.scale,
    frame.top + (y + ds.offset[1]) * ds.scale,
    width * ds.scale,
    height * ds.scale,
  );
}
