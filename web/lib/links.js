// @ts-check
/**
 * Follows links from slot to slot, into subgraphs and out of them.
 *
 * Works on LiteGraph's own objects as frontends 1.27 to 1.58 have them, and only reads. Links are
 * read from their graph: what slots say of them is not the same in all frontends. Native reroutes
 * need no care: a link names the node it comes from, whatever lies on its way.
 */

// Ends of links that lie on the frame of a subgraph instead of on a node.
export const FRAME_INPUT = -10;
const FRAME_OUTPUT = -20;

export const MUTED = 2;
export const BYPASSED = 4;

// A subgraph cannot lie in itself; a damaged file must not make us try.
export const MOST_HOSTS = 32;

/**
 * @typedef {import("../comfyui.js").Graph} Graph
 * @typedef {import("../comfyui.js").GraphNode} Node
 * @typedef {import("../comfyui.js").Link} Link
 */

/**
 * A node, and the nodes that stand for the subgraphs around it, innermost last, as far as known: a
 * subgraph may be used several times.
 *
 * @typedef {object} Place
 * @property {Node} node
 * @property {readonly Node[]} hosts
 */

/** @typedef {Place & {slot: number}} End one end of a link: a node and the slot there */

/**
 * Return all nodes of a page's graph, those inside its subgraphs too.
 *
 * @param {Graph} graph any of its graphs
 * @returns {Node[]}
 */
export function allNodes(graph) {
  const root = graph.rootGraph ?? graph;
  return [root, ...(root.subgraphs?.values() ?? [])].flatMap((one) => [...(one.nodes ?? [])]);
}

/** Remembers which nodes a search has been at, so that it ends in a ring of links too. */
export class Visits {
  /** @type {Map<Node, Set<string>>} */
  #seen = new Map();

  /**
   * Say whether this is the first time, and remember it.
   *
   * @param {Place} place
   * @param {string | number} what
   */
  first({ node, hosts }, what) {
    if (hosts.length > MOST_HOSTS) return false;
    const key = [...hosts.map((host) => host.id), what].join("/");
    const seen = this.#seen.get(node) ?? new Set();
    this.#seen.set(node, seen);
    return seen.size < seen.add(key).size;
  }
}

/**
 * Return where an input's link begins; several places where it begins outside of a subgraph that is
 * used several times.
 *
 * @param {Place} place
 * @param {number} slot
 * @returns {End[]}
 */
export function origins({ node, hosts }, slot) {
  const link = linkInto(node, slot);
  return link ? startsOf(node.graph, link, hosts, { node, hosts }) : [];
}

/**
 * @param {Graph | null | undefined} graph in which the link lies
 * @param {Link} link
 * @param {readonly Node[]} hosts around that graph
 * @param {Place} place in that graph
 * @returns {End[]}
 */
function startsOf(graph, link, hosts, place) {
  if (hosts.length > MOST_HOSTS) return [];
  if (Number(link.origin_id) === FRAME_INPUT) {
    return outside(place).flatMap((host) => origins(host, link.origin_slot));
  }
  const node = nodeOf(graph, link.origin_id);
  if (!node) return [];
  if (!node.subgraph || node.mode === BYPASSED || node.mode === MUTED) {
    return [{ node, hosts, slot: link.origin_slot }];
  }
  const inside = [...hosts, node];
  return linksTo(node.subgraph, FRAME_OUTPUT, link.origin_slot).flatMap((inner) =>
    startsOf(node.subgraph, inner, inside, { node, hosts: inside }),
  );
}

/**
 * Return where the links of an output end.
 *
 * @param {Place} place
 * @param {number} slot
 * @returns {End[]}
 */
export function targets({ node, hosts }, slot) {
  return linksFrom(node.graph, node.id, slot).flatMap((link) =>
    endsOf(node.graph, link, hosts, { node, hosts }),
  );
}

/**
 * @param {Graph | null | undefined} graph in which the link lies
 * @param {Link} link
 * @param {readonly Node[]} hosts around that graph
 * @param {Place} place in that graph
 * @returns {End[]}
 */
function endsOf(graph, link, hosts, place) {
  if (hosts.length > MOST_HOSTS) return [];
  if (Number(link.target_id) === FRAME_OUTPUT) {
    return outside(place).flatMap((host) => targets(host, link.target_slot));
  }
  const node = nodeOf(graph, link.target_id);
  if (!node) return [];
  if (!node.subgraph) return [{ node, hosts, slot: link.target_slot }];
  const inside = [...hosts, node];
  return linksFrom(node.subgraph, FRAME_INPUT, link.target_slot).flatMap((inner) =>
    endsOf(node.subgraph, inner, inside, { node, hosts: inside }),
  );
}

/**
 * Return the nodes that stand for the subgraph in which a node lies.
 *
 * @param {Place} place
 * @returns {Place[]}
 */
export function outside({ node, hosts }) {
  const host = hosts.at(-1);
  if (host) return [{ node: host, hosts: hosts.slice(0, -1) }];
  const { graph } = node;
  if (!graph) return [];
  const users = allNodes(graph).filter((one) => one.subgraph === graph);
  return users.map((one) => ({ node: one, hosts: [] }));
}

/**
 * Return the number of the input that belongs to a widget, or has that name; -1 if there is none.
 *
 * @param {Node} node
 * @param {string} name
 */
export function slotOf(node, name) {
  return (node.inputs ?? []).findIndex((one) => (one.widget?.name ?? one.name) === name);
}

/**
 * Return the link that ends in an input.
 *
 * @param {Node} node
 * @param {number} slot
 * @returns {Link | null}
 */
export function linkInto(node, slot) {
  if (slot < 0 || !node.graph) return null; // a node that is being made has no links
  // Of a node that stands for a subgraph the method answers something else.
  if (node.getInputLink && !node.subgraph) return node.getInputLink(slot);
  return linksTo(node.graph, node.id, slot)[0] ?? null;
}

/**
 * @param {Graph | null | undefined} graph
 * @param {number | string} id of a node, or of the frame
 * @param {number} slot
 * @returns {Link[]} that end there
 */
function linksTo(graph, id, slot) {
  return linksOf(graph).filter(
    (link) => link.target_slot === slot && String(link.target_id) === String(id),
  );
}

/**
 * @param {Graph | null | undefined} graph
 * @param {number | string} id of a node, or of the frame
 * @param {number} slot
 * @returns {Link[]} that begin there
 */
export function linksFrom(graph, id, slot) {
  return linksOf(graph).filter(
    (link) => link.origin_slot === slot && String(link.origin_id) === String(id),
  );
}

/**
 * @param {Graph | null | undefined} graph
 * @returns {Link[]}
 */
function linksOf(graph) {
  const links = graph?.links ?? [];
  return links instanceof Map ? [...links.values()] : Object.values(links);
}

/**
 * @param {Graph | null | undefined} graph
 * @param {number | string} id
 * @returns {Node | null}
 */
export function nodeOf(graph, id) {
  if (graph?.getNodeById) return graph.getNodeById(id);
  return graph?.nodes?.find((one) => String(one.id) === String(id)) ?? null;
}
