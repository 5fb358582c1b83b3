// @ts-check
/** The servers that announce themselves in this network, as far as a person has looked. */

import { asProblem } from "../../lib/problem.js";
import { ask } from "../comfyui/routes.js";
import { serversOf } from "./servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../routes.js").Nearby} Nearby
 */

/**
 * A search in this network; `unavailable` is one that nobody here is able to.
 *
 * @typedef {object} Search
 * @property {"unasked" | "looking" | "done" | "unavailable" | "failed"} state
 * @property {readonly Nearby[]} servers
 * @property {import("../../lib/problem.js").Problem} [error] why it failed
 */

/** @type {WeakMap<App, Search>} */
const searches = new WeakMap();

/**
 * Return the last search, as far as it is.
 *
 * @param {App} app
 * @returns {Search}
 */
export function nearbyOf(app) {
  return searches.get(app) ?? { state: "unasked", servers: [] };
}

/**
 * Look for servers in this network.
 *
 * @param {App} app
 */
export async function searchNearby(app) {
  const keep = (/** @type {Search} */ search) => {
    searches.set(app, search);
    serversOf(app).changed();
  };
  keep({ state: "looking", servers: nearbyOf(app).servers });
  try {
    const { servers, available } = await ask(app.api, "nearby");
    keep({ state: available ? "done" : "unavailable", servers });
  } catch (error) {
    keep({ state: "failed", servers: [], error: asProblem(error) });
  }
}
