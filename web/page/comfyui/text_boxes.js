// @ts-check
/** Keeps a node's boxes for several lines from giving their room to what the page shows below. */

import { labelOf } from "./nodes.js";
import { elementOf } from "./vue_elements.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/** What LiteGraph leaves free around an element of the page, above and below together. */
const MARGINS_PX = 20;
const MOST_FRAMES = 120;

/**
 * Boxes that are held: their heights, in pixels of the graph, and what lets go of them.
 *
 * @typedef {{heights: readonly number[], letGo: () => void}} HeldBoxes
 */

/**
 * Have the boxes stay as high as they are, or as they were: what comes below makes the node higher
 * instead. Return null where none is shown.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {readonly number[]} [before] their heights then
 * @returns {HeldBoxes | null}
 */
export function holdBoxes(app, node, before) {
  const isVue = window.LiteGraph?.vueNodesMode;
  const widgets = isVue ? [] : boxesOf(node);
  const elements = isVue ? fieldsOf(app, node) : widgets.map(({ element }) => element);
  // All of them, before any one changes.
  const heights = before ?? elements.map((element) => element?.offsetHeight ?? 0);
  if (!heights.length || heights.length !== elements.length || heights.includes(0)) return null;
  const releases = isVue
    ? holdFields(elementOf(app, node), fieldsOf(app, node), heights)
    : widgets.map((widget, index) => holdWidget(widget, heights[index] ?? 0));
  return {
    heights,
    letGo: () => {
      for (const release of releases) release();
    },
  };
}

/**
 * Return the boxes of a node that Vue draws, as far as it has drawn them.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
function fieldsOf(app, node) {
  return [...(elementOf(app, node)?.querySelectorAll("textarea") ?? [])];
}

/**
 * Wait a while until Vue has drawn nodes of the graph that is shown: one gets its height first, what
 * is in it comes later.
 *
 * @param {App} app
 * @param {readonly GraphNode[]} nodes
 */
export async function untilDrawn(app, nodes) {
  const isDrawn = (/** @type {GraphNode} */ node) =>
    isFolded(node) ||
    ((elementOf(app, node)?.offsetHeight ?? 0) >= node.size[1] &&
      fieldsOf(app, node).length >= boxesOf(node).length);
  for (let count = 0; window.LiteGraph?.vueNodesMode && count < MOST_FRAMES; count++) {
    await new Promise((done) => requestAnimationFrame(done));
    if (nodes.every(isDrawn)) return;
  }
}

/**
 * Give the boxes of a node what their widgets are called. Where Vue draws them, all other fields
 * have their names, and the page puts a widget's options on its box; else an empty box shows a
 * name, which is to be the one that people read.
 *
 * @param {GraphNode} node
 */
export function nameBoxes(node) {
  for (const widget of boxesOf(node)) {
    const { name, options } = widget;
    options["aria-label"] = name;
    const box = /** @type {HTMLTextAreaElement} */ (widget.element);
    if (box.placeholder === name) box.placeholder = labelOf(widget);
  }
}

/** @param {GraphNode} node */
function isFolded({ flags }) {
  return !!flags?.collapsed;
}

/**
 * Return the widgets of a node that are boxes for several lines.
 *
 * @param {GraphNode} node
 */
function boxesOf(node) {
  return (node.widgets ?? []).filter(({ element }) => element instanceof HTMLTextAreaElement);
}

/**
 * @param {HTMLElement | null} whole
 * @param {readonly HTMLElement[]} fields
 * @param {readonly number[]} heights
 */
function holdFields(whole, fields, heights) {
  const least = (/** @type {number} */ less) =>
    fields.forEach((field, index) => {
      field.style.minHeight = `${(heights[index] ?? 0) - less}px`;
    });
  const before = whole?.offsetHeight ?? 0;
  least(0);
  // Padding and gaps of the page's own may come on top, and make the node higher at once.
  least(((whole?.offsetHeight ?? 0) - before) / fields.length);
  return fields.map((field) => () => {
    field.style.minHeight = "";
  });
}

/**
 * @param {Widget} widget
 * @param {number} height
 */
function holdWidget({ options }, height) {
  const limits = /** @type {const} */ (["getMinHeight", "getMaxHeight"]);
  const before = limits.map((name) => options[name]);
  for (const name of limits) options[name] = () => height + MARGINS_PX;
  return () => {
    limits.forEach((name, index) => {
      if (before[index] === undefined) delete options[name];
      else options[name] = before[index];
    });
  };
}
