// @ts-check
/** Finds the Connect, Load Model, Generate or other node that belongs to one of our nodes. */

import { MODEL_SOCKET, SERVER_SOCKET, SOCKET_PREFIX } from "./facts.js";
import { BYPASSED, MUTED, Visits, linkInto, origins, slotOf, targets } from "./links.js";
import { CONNECT, GENERATE, LOAD_MODEL, PACK_PREFIX } from "./node_types.js";

/**
 * @typedef {import("./links.js").Node} Node
 * @typedef {import("./links.js").Place} Place
 */

const ANY = "*";

/**
 * Return the Connect that a node's server comes from, null where there is none.
 *
 * @param {Node} node
 * @param {readonly Node[]} hosts
 * @returns {Place | null}
 */
export function connectOf(node, hosts = []) {
  return findSource({ node, hosts }, CONNECT);
}

/**
 * Return the Load Model that a node's model comes from, null where there is none.
 *
 * @param {Node} node
 * @param {readonly Node[]} hosts
 * @returns {Place | null}
 */
export function loadModelOf(node, hosts = []) {
  return findSource({ node, hosts }, LOAD_MODEL);
}

/**
 * Return the Generate that a node works for: itself, or the first one downstream.
 *
 * @param {Node} node
 * @param {readonly Node[]} hosts
 * @returns {Place | null}
 */
export function generateOf(node, hosts = []) {
  const place = { node, hosts };
  if (node.type === GENERATE) return place;
  const isGenerate = (/** @type {Place} */ at) => (at.node.type === GENERATE ? at : null);
  return runningFirst((strict) => below(place, isGenerate, strict, new Visits()));
}

/**
 * Return the node of a type that feeds an input, also where reroutes, subgraphs, or nodes that hand
 * the same on lie between; null if there is none. One that does not run feeds nothing.
 *
 * @param {Node} node
 * @param {string} name of the input
 * @param {string} type
 * @param {readonly Node[]} hosts
 * @returns {Place | null}
 */
export function feederOf(node, name, type, hosts = []) {
  return findFeeder({ node, hosts }, name, type, new Visits());
}

/**
 * Return our nodes before an input, in the order in which they count: each hands on what comes in by
 * an input of the same name. `whole` is false where only a run knows what else comes in.
 *
 * @param {Place} place
 * @param {string} name
 * @returns {{places: Place[], whole: boolean}}
 */
export function chainOf(place, name) {
  /** @type {Place[]} */
  const places = [];
  const visits = new Visits();
  for (let at = place; ;) {
    const slot = slotOf(at.node, name);
    if (!linkInto(at.node, slot)) return { places, whole: true };
    const type = String(at.node.inputs[slot]?.type);
    const found = sources(at, slot, type, true, visits);
    const [before] = found;
    if (!before) return { places, whole: isMuted(at, slot) };
    const isRing = places.some(
      ({ node, hosts }) => node === before.node && hosts.length === before.hosts.length,
    );
    if (found.length > 1 || isRing) return { places, whole: false };
    places.unshift({ node: before.node, hosts: before.hosts });
    at = before;
  }
}

/**
 * Say whether nothing comes in at an input since what is linked there does not run.
 *
 * @param {Place} place
 * @param {number} slot
 */
function isMuted(place, slot) {
  const ends = origins(place, slot);
  return ends.every(({ node }) => node.mode === MUTED || node.mode === BYPASSED);
}

/**
 * @param {Place} place
 * @param {string} name
 * @param {string} type
 * @param {Visits} visits
 * @returns {Place | null}
 */
function findFeeder(place, name, type, visits) {
  if (!visits.first(place, name)) return null;
  const slot = slotOf(place.node, name);
  const kind = String(place.node.inputs[slot]?.type);
  for (const end of sources(place, slot, kind, true, visits)) {
    const found = end.node.type === type ? end : findFeeder(end, name, type, visits);
    if (found) return found;
  }
  return null;
}

/**
 * Search among the nodes that run; only if there is nothing, among those that are bypassed or muted
 * too: a person who switches a part off for a while still wants to see what belongs to it.
 *
 * @param {(strict: boolean) => Place | null} search
 */
function runningFirst(search) {
  return search(true) ?? search(false);
}

/**
 * @param {Place} place
 * @param {string} type
 * @returns {Place | null}
 */
function findSource(place, type) {
  if (place.node.type === type) return place;
  return runningFirst((strict) => {
    const visits = new Visits();
    const found = above(place, type, strict, visits);
    if (found || !mayAskBelow(place.node)) return found;
    const ask = (/** @type {Place} */ at) =>
      at.node.type === type ? at : above(at, type, strict, visits);
    return below(place, ask, strict, new Visits());
  });
}

/**
 * Say whether the nodes that a node is wired to know its server: not if it has a model or a server
 * of its own, nor if it would need one.
 *
 * @param {Node} node
 */
function mayAskBelow(node) {
  const inputs = node.inputs ?? [];
  return (
    node.type !== GENERATE &&
    !inputs.some((one) => one.type === SERVER_SOCKET) &&
    !inputs.some((one, slot) => one.type === MODEL_SOCKET && linkInto(node, slot))
  );
}

/**
 * Return the first node of a type that is reached over links of servers and models.
 *
 * @param {Place} place
 * @param {string} type
 * @param {boolean} strict
 * @param {Visits} visits
 * @returns {Place | null}
 */
function above(place, type, strict, visits) {
  if (!visits.first(place, "above")) return null;
  for (const [slot, input] of (place.node.inputs ?? []).entries()) {
    if (input.type !== SERVER_SOCKET && input.type !== MODEL_SOCKET) continue;
    const found = sources(place, slot, String(input.type), strict, visits).reduce(
      (/** @type {Place | null} */ sofar, end) =>
        sofar ?? (end.node.type === type ? end : above(end, type, strict, visits)),
      null,
    );
    if (found) return found;
  }
  return null;
}

/**
 * Return our nodes that feed an input, through whatever passes a value on.
 *
 * @param {Place} place
 * @param {number} slot
 * @param {string} type of what flows there
 * @param {boolean} strict
 * @param {Visits} visits
 * @returns {Place[]}
 */
function sources(place, slot, type, strict, visits) {
  if (!visits.first(place, `source ${slot}`)) return [];
  return origins(place, slot).flatMap((end) => {
    const { node } = end;
    if (strict && node.mode === MUTED) return [];
    if (strict && node.mode === BYPASSED) {
      const through = bypass(node.inputs, end.slot, type);
      return through < 0 ? [] : sources(end, through, type, strict, visits);
    }
    if (node.type.startsWith(PACK_PREFIX)) return [end];
    return (node.inputs ?? []).flatMap((input, index) =>
      input.type === type || input.type === ANY ? sources(end, index, type, strict, visits) : [],
    );
  });
}

/**
 * Ask the nodes downstream, nearest first, until one has an answer; nothing lies beyond a Generate.
 *
 * @param {Place} place
 * @param {(at: Place) => Place | null} ask
 * @param {boolean} strict
 * @param {Visits} visits
 * @returns {Place | null}
 */
function below(place, ask, strict, visits) {
  if (!visits.first(place, "below")) return null;
  for (const [slot, output] of (place.node.outputs ?? []).entries()) {
    if (!mayFlow(output.type)) continue;
    for (const end of targets(place, slot)) {
      const { node } = end;
      if (strict && node.mode === MUTED) continue;
      const ours = node.type.startsWith(PACK_PREFIX) && !(strict && node.mode === BYPASSED);
      const found = ours ? ask(end) : null;
      if (found) return found;
      const beyond = ours && node.type === GENERATE ? null : below(end, ask, strict, visits);
      if (beyond) return beyond;
    }
  }
  return null;
}

/** @param {unknown} type */
function mayFlow(type) {
  return type === "STRING" || type === ANY || String(type).startsWith(SOCKET_PREFIX);
}

/**
 * Return which input a bypassed node hands on to an output, -1 for none; LiteGraph's rule.
 *
 * @param {Node["inputs"] | undefined} inputs
 * @param {number} output
 * @param {string} type
 */
function bypass(inputs = [], output, type) {
  const fits = (/** @type {Node["inputs"][number] | undefined} */ input) =>
    input?.type === type || input?.type === ANY;
  return fits(inputs[output]) ? output : inputs.findIndex(fits);
}
