// @ts-check
/**
 * Tells when the page's first Vue rendering (frontend 1.27) has put nodes on the page.
 *
 * It leaves out widgets that draw themselves and elements of ours, so those are added afterwards.
 */

import { isKnownToHide } from "./widgets.js";

/** @typedef {import("../../comfyui.js").GraphNode} GraphNode */

/** @type {Set<() => void>} */
const works = new Set();
/** @type {MutationObserver | null} */
let observer = null;
let soon = 0;

/**
 * Call `work` whenever elements of nodes have come, if this page's Vue nodes are of the first kind.
 *
 * @param {GraphNode} node any one with widgets
 * @param {() => void} work
 */
export function onNodesRendered(node, work) {
  const widget = node.widgets?.[0];
  if (!widget || isKnownToHide(widget)) return;
  works.add(work);
  if (observer) return;
  observer = new MutationObserver((changes) => {
    if (!window.LiteGraph?.vueNodesMode || soon || !changes.some(bringsNodes)) return;
    soon = requestAnimationFrame(() => {
      soon = 0;
      for (const one of works) one();
    });
  });
  observer.observe(document.body, { childList: true, subtree: true });
}

/** @param {MutationRecord} change */
function bringsNodes({ target, addedNodes }) {
  if (!addedNodes.length || !(target instanceof Element)) return false;
  if (target.closest("[data-drawbridge]")) return false; // what we have put there
  const inNode = !!target.closest("[data-node-id]");
  return inNode || [...addedNodes].some((one) => one instanceof Element && isNode(one));
}

/** @param {Element} element */
function isNode(element) {
  return element.matches("[data-node-id]") || !!element.querySelector("[data-node-id]");
}
