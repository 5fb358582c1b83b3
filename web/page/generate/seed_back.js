// @ts-check
/**
 * Puts the seed back of a run that has not finished everything: what it has made is kept for that
 * seed, and the page has drawn another one by then.
 */

import { SEEDS, UNFINISHED_EVENT } from "../../lib/facts.js";
import { feederOf } from "../../lib/graph.js";
import { linkInto, slotOf } from "../../lib/links.js";
import { GENERATE, PROMPT_BATCH } from "../../lib/node_types.js";
import { everyNode, setValue, typeOf, widgetOf } from "../comfyui/nodes.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {{node: string, seed: number, number: number}} Unfinished
 */

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpSeedBack(app) {
  return {
    setup() {
      app.api.addEventListener(UNFINISHED_EVENT, (event) => {
        putBack(app, /** @type {CustomEvent<Unfinished>} */ (event).detail);
      });
    },
  };
}

/**
 * @param {App} app
 * @param {Unfinished} told of the item of that number, counted from 1, of the node's list
 */
function putBack(app, { node: id, seed, number }) {
  // Inside of a subgraph it is called by the subgraph's nodes as well: 12:3.
  const [generate, ...others] = everyNode(app).filter(
    (node) => typeOf(node) === GENERATE && String(node.id) === id.split(":").at(-1),
  );
  if (!generate || others.length > 0) return;
  const slot = slotOf(generate, "seed");
  if (slot < 0 || !linkInto(generate, slot)) return setSeed(app, generate, seed);
  const batch = feederOf(generate, "seed", PROMPT_BATCH)?.node;
  const source = everyNode(app).find((node) => node === batch);
  if (source) setSeed(app, source, (seed - (number - 1) + SEEDS) % SEEDS);
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {number} seed
 */
function setSeed(app, node, seed) {
  const widget = widgetOf(node, "seed");
  if (widget) setValue(app, node, widget, seed);
}
