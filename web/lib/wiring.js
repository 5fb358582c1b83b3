// @ts-check
/** Describes a Generate and what is wired to it, for ComfyUI's server to tell what becomes of it. */

import { chainOf } from "./graph.js";
import { linkInto, slotOf } from "./links.js";
import { valueOf } from "./values.js";

/**
 * @typedef {import("./links.js").Node} Node
 * @typedef {import("./links.js").Place} Place
 */

/**
 * A node; what only a run knows is in `values` as it is shown, and named in `unknown`. `linked` are
 * its inputs without widgets that something is linked to.
 *
 * @typedef {object} Step
 * @property {string} type
 * @property {string} title
 * @property {Record<string, unknown>} values
 * @property {string[]} unknown
 * @property {string[]} linked
 *
 * @typedef {object} Wiring
 * @property {Step} generate
 * @property {string} model
 * @property {string} version
 * @property {import("./addresses.js").Server | null} server
 * @property {Step[]} settings in the order in which they count, as the others
 * @property {Step[]} loras
 * @property {Step[]} controls
 * @property {string[]} ends names of chains whose first nodes only a run knows
 * @property {string} kept the configuration of what was pasted and has no effect
 */

const CHAINS = /** @type {const} */ (["settings", "loras", "controls"]);
/** The property of Generate that holds what a copy of its configuration says besides. */
const KEPT = "drawbridge_configuration";
/** Widgets of Generate that are in no configuration. */
const PROMPTS = ["prompt", "negative_prompt"];

/**
 * Describe a Generate.
 *
 * @param {Place} generate
 * @param {Pick<import("./surroundings.js").Surroundings, "model" | "version" | "server">} seen
 * @returns {Wiring}
 */
export function wiringOf(generate, { model, version, server }) {
  const chains = CHAINS.map((name) => ({ name, ...chainOf(generate, name) }));
  const [settings = [], loras = [], controls = []] = chains.map(({ places }) =>
    places.map((place) => stepOf(place)),
  );
  return {
    generate: stepOf(generate, PROMPTS),
    ...{ model, version, server, settings, loras, controls },
    ends: chains.filter(({ whole }) => !whole).map(({ name }) => name),
    kept: String(generate.node.properties?.[KEPT] ?? ""),
  };
}

/**
 * Keep with a Generate, and in its workflow, what a pasted configuration says without effect, so that
 * a copy has it again.
 *
 * @param {Node} generate
 * @param {string} text
 */
export function keepText(generate, text) {
  generate.properties ??= {};
  if (text) generate.properties[KEPT] = text;
  else delete generate.properties[KEPT];
}

/**
 * @param {Place} place
 * @param {readonly string[]} less names of widgets that do not matter
 * @returns {Step}
 */
function stepOf(place, less = []) {
  const { node } = place;
  const widgets = (node.widgets ?? []).filter(
    ({ name, serialize }) => serialize !== false && !less.includes(name),
  );
  /** @type {Record<string, unknown>} */
  const values = {};
  /** @type {string[]} */
  const unknown = [];
  for (const { name, value } of widgets) {
    const given = valueOf(place, name);
    values[name] = given.known ? given.value : value;
    if (!given.known) unknown.push(name);
  }
  const slots = (node.inputs ?? []).filter(({ widget }) => !widget);
  const linked = slots.filter(({ name }) => linkInto(node, slotOf(node, name)));
  return {
    type: node.type,
    title: node.title ?? "",
    ...{ values, unknown },
    linked: linked.map(({ name }) => name),
  };
}
