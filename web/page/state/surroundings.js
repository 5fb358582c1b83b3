// @ts-check
/** What a node of the page is wired to, as it is now or, for drawing, a moment ago. */

import { surroundings } from "../../lib/surroundings.js";
import { serversOf } from "./servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../lib/surroundings.js").Surroundings} Surroundings
 */

/**
 * Widgets are drawn with every frame while something is dragged, and a graph is slow to walk in
 * pages that observe each member of it. Whoever knows of a change clears the cache and draws again.
 */
const CACHE_MS = 300;

/** @type {WeakMap<GraphNode, Map<string, {at: number, seen: Surroundings}>>} */
let cache = new WeakMap();

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {readonly GraphNode[]} hosts
 * @returns {Surroundings}
 */
export function surroundingsOf(app, node, hosts = []) {
  return surroundings(serversOf(app), node, hosts);
}

/**
 * Return the same as it was at most a moment ago.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {readonly GraphNode[]} hosts
 * @returns {Surroundings}
 */
export function cachedSurroundingsOf(app, node, hosts = []) {
  const key = hosts.map(({ id }) => id).join("/");
  const now = performance.now();
  const before = cache.get(node)?.get(key);
  if (before && now - before.at < CACHE_MS) return before.seen;
  const seen = surroundingsOf(app, node, hosts);
  const known = cache.get(node) ?? new Map();
  known.set(key, { at: now, seen });
  cache.set(node, known);
  return seen;
}

/** Have everything looked up anew. */
export function clearSurroundingsCache() {
  cache = new WeakMap();
}
