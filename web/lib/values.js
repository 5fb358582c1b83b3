// @ts-check
/** Tells the values that widgets have when the graph runs, wherever they come from. */

import {
  FRAME_INPUT,
  MOST_HOSTS,
  Visits,
  linkInto,
  linksFrom,
  nodeOf,
  outside,
  slotOf,
} from "./links.js";

/**
 * @typedef {import("./links.js").Link} Link
 * @typedef {import("./links.js").Node} Node
 * @typedef {import("./links.js").Place} Place
 */

/**
 * Return the value that a widget will have when the graph runs.
 *
 * One whose input is linked takes that of a primitive, or the one that a subgraph shows outside;
 * `known` is false where only a run can tell.
 *
 * @param {Place} place
 * @param {string} name
 * @returns {{known: boolean, value?: unknown}}
 */
export function valueOf({ node, hosts }, name) {
  const widget = node.widgets?.find((one) => one.name === name);
  const link = linkInto(node, slotOf(node, name));
  if (link) {
    const given = valueAt({ node, hosts }, link, new Visits());
    // A subgraph that shows no widget for it outside leaves the value as it is inside.
    if (given.known || Number(link.origin_id) !== FRAME_INPUT || !isOpen(node, hosts, link)) {
      return given;
    }
  }
  return widget ? { known: true, value: widget.value } : { known: false };
}

/**
 * Say whether something is linked to an input of this name, be it a slot or a widget.
 *
 * @param {Node} node
 * @param {string} name
 */
export function isLinked(node, name) {
  return !!linkInto(node, slotOf(node, name));
}

/**
 * Return the widget inside a subgraph that one shown on its outside stands for, with its node.
 *
 * @param {Place} place a node that stands for a subgraph
 * @param {string} name of its widget
 * @returns {(Place & {name: string}) | null}
 */
export function widgetInside({ node, hosts }, name) {
  if (!node.subgraph || hosts.length >= MOST_HOSTS) return null;
  for (const link of linksFrom(node.subgraph, FRAME_INPUT, slotOf(node, name))) {
    const inner = nodeOf(node.subgraph, link.target_id);
    const input = inner?.inputs?.[link.target_slot];
    if (!inner || !input) continue;
    const place = { node: inner, hosts: [...hosts, node] };
    const inside = input.widget?.name ?? input.name;
    if (inner.subgraph) return widgetInside(place, inside);
    if (inner.widgets?.some((one) => one.name === inside)) return { ...place, name: inside };
  }
  return null;
}

/**
 * Say whether nothing comes in through a subgraph's frame.
 *
 * @param {Node} node inside
 * @param {readonly Node[]} hosts
 * @param {Link} link
 */
function isOpen(node, hosts, link) {
  const host = outside({ node, hosts })[0];
  return !host || !linkInto(host.node, link.origin_slot);
}

/**
 * @param {Place} place in whose graph the link lies
 * @param {Link} link
 * @param {Visits} visits
 * @returns {{known: boolean, value?: unknown}}
 */
function valueAt(place, link, visits) {
  if (!visits.first(place, `${link.origin_id}.${link.origin_slot}`)) return { known: false };
  if (Number(link.origin_id) === FRAME_INPUT) {
    const host = outside(place)[0];
    const input = host?.node.inputs?.[link.origin_slot];
    return host && input ? valueOf(host, input.widget?.name ?? input.name) : { known: false };
  }
  const node = nodeOf(place.node.graph, link.origin_id);
  const from = node && { node, hosts: place.hosts };
  if (from && /reroute/i.test(from.node.type)) {
    const next = linkInto(from.node, 0);
    return next ? valueAt(from, next, visits) : { known: false };
  }
  const source = node && /^Primitive/.test(node.type) ? node.widgets?.[0] : undefined;
  return source ? { known: true, value: source.value } : { known: false };
}
