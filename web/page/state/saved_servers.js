// @ts-check
/** What the page knows of the servers and credentials that are kept here, and of those nearby. */

import { asProblem, ask } from "../comfyui/routes.js";
import { serversOf } from "./servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../lib/addresses.js").SavedServer} SavedServer
 * @typedef {import("../../routes.js").Credential} Credential
 * @typedef {import("../../routes.js").Nearby} Nearby
 */

/**
 * @typedef {object} Here
 * @property {readonly SavedServer[]} saved
 * @property {readonly Credential[] | null} credentials null as long as they are unknown
 * @property {Search} nearby
 */

/**
 * A look around in this network; `unavailable` is one that nobody here is able to.
 *
 * @typedef {object} Search
 * @property {"unasked" | "looking" | "done" | "unavailable" | "failed"} state
 * @property {readonly Nearby[]} servers
 * @property {import("../comfyui/routes.js").Problem} [error] why it failed
 */

/** @type {WeakMap<App, Here>} */
const known = new WeakMap();

/**
 * @param {App} app
 * @returns {Here}
 */
export function hereOf(app) {
  const here = known.get(app) ?? {
    saved: [],
    credentials: null,
    nearby: { state: "unasked", servers: [] },
  };
  known.set(app, here);
  return here;
}

/**
 * Read anew what is kept here. What cannot be had stays as it is known.
 *
 * @param {App} app
 */
export async function learnHere(app) {
  const here = hereOf(app);
  const [servers, credentials] = await Promise.allSettled([
    ask(app.api, "servers/list"),
    ask(app.api, "credentials/list"),
  ]);
  if (servers.status === "fulfilled") here.saved = servers.value.servers;
  if (credentials.status === "fulfilled") here.credentials = credentials.value.credentials;
  serversOf(app).changed();
}

/**
 * Look for servers in this network.
 *
 * @param {App} app
 */
export async function lookAround(app) {
  const here = hereOf(app);
  here.nearby = { state: "looking", servers: here.nearby.servers };
  serversOf(app).changed();
  try {
    const { servers, available } = await ask(app.api, "nearby");
    here.nearby = { state: available ? "done" : "unavailable", servers };
  } catch (error) {
    here.nearby = { state: "failed", servers: [], error: asProblem(error) };
  }
  serversOf(app).changed();
}
