// @ts-check
/** The servers and credentials that are saved in ComfyUI, as far as the page has read them. */

import { defaultServer } from "../../lib/addresses.js";
import { ask } from "../comfyui/routes.js";
import { askServersOfGraph, serversOf } from "./servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../lib/addresses.js").SavedServer} SavedServer
 * @typedef {import("../../routes.js").Credential} Credential
 */

/** @type {WeakMap<App, readonly SavedServer[]>} */
const servers = new WeakMap();
/** @type {WeakMap<App, SavedServer | null>} */
const defaults = new WeakMap();
/** @type {WeakMap<App, readonly Credential[]>} */
const credentials = new WeakMap();

/**
 * @param {App} app
 * @returns {readonly SavedServer[]}
 */
export function savedServersOf(app) {
  return servers.get(app) ?? [];
}

/**
 * Return the server that is meant by *default server*, null where there is none, as far as is known.
 *
 * @param {App} app
 * @returns {SavedServer | null}
 */
export function defaultServerOf(app) {
  return defaults.get(app) ?? null;
}

/**
 * @param {App} app
 * @returns {readonly Credential[] | null} null as long as they are unknown
 */
export function credentialsOf(app) {
  return credentials.get(app) ?? null;
}

/**
 * Read anew what is saved. What cannot be had stays as it is known.
 *
 * @param {App} app
 */
export async function loadSaved(app) {
  const [ofServers, ofCredentials] = await Promise.allSettled([
    ask(app.api, "servers/list"),
    ask(app.api, "credentials/list"),
  ]);
  if (ofServers.status === "fulfilled") {
    servers.set(app, ofServers.value.servers);
    keepDefault(app, ofServers.value);
  }
  if (ofCredentials.status === "fulfilled") credentials.set(app, ofCredentials.value.credentials);
  serversOf(app).changed();
}

/**
 * Keep which server is the default one; where it is another than before, it is asked anew.
 *
 * @param {App} app
 * @param {{servers: readonly SavedServer[], default?: string}} answer
 */
function keepDefault(app, { servers: saved, default: name }) {
  const before = defaults.get(app);
  const now = saved.find((one) => one.name === name) ?? null;
  defaults.set(app, now);
  if (before === undefined || JSON.stringify(before) === JSON.stringify(now)) return;
  serversOf(app).forget(defaultServer());
  askServersOfGraph(app);
}
