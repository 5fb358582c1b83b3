// @ts-check
/** The servers and credentials that are saved in ComfyUI, as far as the page has read them. */

import { ask } from "../comfyui/routes.js";
import { serversOf } from "./servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../lib/addresses.js").SavedServer} SavedServer
 * @typedef {import("../../routes.js").Credential} Credential
 */

/** @type {WeakMap<App, readonly SavedServer[]>} */
const servers = new WeakMap();
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
  if (ofServers.status === "fulfilled") servers.set(app, ofServers.value.servers);
  if (ofCredentials.status === "fulfilled") credentials.set(app, ofCredentials.value.credentials);
  serversOf(app).changed();
}
