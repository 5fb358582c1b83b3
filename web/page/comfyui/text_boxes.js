// @ts-check
/** Keeps a node's boxes for several lines from giving their room to what the page shows below. */

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
  const widgets = isVue ? [] : (node.widgets ?? []).filter(({ element }) => isBox(element));
  const elements = isVue ? fieldsOf(app, node) : widgets.map(({ element }) => element);
  // All of them, before any one changes.
  const heights = before ?? elements.map((element) => element?.offsetHeight ?? 0);
  if (!heights.length || heights.length !== elements.length || heights.includes(0)) return null;
  const releases = heights.map((height, index) => {
    const widget = widgets[index];
    return widget ? holdWidget(widget, height) : holdField(elements[index], height);
  });
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
 * Wait a while until Vue has drawn the graph that is shown: boxes have their height then.
 *
 * @param {App} app
 */
export async function untilDrawn(app) {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  for (let count = 0; window.LiteGraph?.vueNodesMode && count < MOST_FRAMES; count++) {
    await frame();
    if (!(app.canvas.graph?.nodes ?? []).every((node) => elementOf(app, node))) continue;
    await frame();
    return;
  }
}

/** @param {HTMLElement | undefined} element */
function isBox(element) {
  return element instanceof HTMLTextAreaElement;
}

/**
 * @param {HTMLElement | undefined} field
 * @param {number} height
 */
function holdField(field, height) {
  if (field) field.style.minHeight = `${height}px`;
  return () => {
    if (field) field.style.minHeight = "";
  };
}

/**
 * @param {Widget} widget
 * @param {number} height
 */
function holdWidget({ options }, height) {
  const before = options["getMinHeight"];
  options["getMinHeight"] = () => height + MARGINS_PX;
  return () => {
    if (before === undefined) delete options["getMinHeight"];
    else options["getMinHeight"] = before;
  };
}
