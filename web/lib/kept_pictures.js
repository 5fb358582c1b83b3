// @ts-check
/** Remembers, as long as the browser's tab is open, which picture each node has finished last. */

const KEY = "drawbridge.finished";
const MOST = 64; // nodes; those that finished first are forgotten

/** @typedef {Pick<Storage, "getItem" | "setItem">} Store */

/**
 * Return the pictures of a graph's nodes: names of files by the node's path.
 *
 * @param {Store} store
 * @param {string} graph
 * @returns {Map<string, string>}
 */
export function picturesOf(store, graph) {
  const ours = entries(store).filter(([of]) => of === graph);
  return new Map(ours.map(([, node, name]) => [node, name]));
}

/**
 * @param {Store} store
 * @param {string} graph
 * @param {string} node its path, from graph to graph inside
 * @param {string} name
 */
export function rememberPicture(store, graph, node, name) {
  const others = entries(store).filter(([of, one]) => of !== graph || one !== node);
  const all = [...others, [graph, node, name]].slice(-MOST);
  try {
    store.setItem(KEY, JSON.stringify(all));
  } catch {
    // No room, or none allowed: the page that is opened again will show nothing.
  }
}

/**
 * @param {Store} store
 * @returns {[string, string, string][]}
 */
function entries(store) {
  try {
    const kept = JSON.parse(store.getItem(KEY) ?? "[]");
    return kept.filter((/** @type {unknown} */ one) => Array.isArray(one) && one.length === 3);
  } catch {
    return [];
  }
}
