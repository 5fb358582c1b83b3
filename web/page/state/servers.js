// @ts-check
/** The page's one record of servers, fed by our routes and by Connect nodes that have run. */

import { SERVER_EVENT } from "../../lib/facts.js";
import { CONNECT } from "../../lib/node_types.js";
import { asProblem } from "../../lib/problem.js";
import { Servers, keyOf } from "../../lib/servers.js";
import { serverOf } from "../../lib/surroundings.js";
import { everyNode } from "../comfyui/nodes.js";
import { CHANGE_EVENT, send } from "../comfyui/routes.js";
import { loadVersions } from "./versions.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../lib/addresses.js").Server} Server
 * @typedef {import("../../lib/servers.js").Status} Status
 */

/** @type {WeakMap<App, Servers>} */
const records = new WeakMap();

/**
 * Return the record of servers that belongs to a page.
 *
 * @param {App} app
 * @returns {Servers}
 */
export function serversOf(app) {
  let servers = records.get(app);
  if (!servers) {
    servers = new Servers((body) => send(app.api, "server", body), asProblem);
    records.set(app, servers);
  }
  return servers;
}

/**
 * Keep the record up to date.
 *
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpServers(app) {
  const servers = serversOf(app);
  return {
    setup() {
      app.api.addEventListener("graphChanged", () => askServersOfGraph(app));
      app.api.addEventListener(SERVER_EVENT, (event) => {
        const { server, status } = /** @type {CustomEvent<{server: Server, status: Status}>} */ (
          event
        ).detail;
        // A run has asked this server, so the page may show it from now on.
        servers.learn(server, status, true);
      });
      // A server that could not be asked before may be reached with what was saved now.
      app.api.addEventListener(CHANGE_EVENT, () => askAnew(app));
      app.api.addEventListener(
        "reconnected",
        () => void loadVersions(app).then(() => askAnew(app)),
      );
    },
    afterConfigureGraph: () => askServersOfGraph(app),
  };
}

/**
 * Ask again for what has not answered.
 *
 * @param {App} app
 */
function askAnew(app) {
  serversOf(app).forgetSilent();
  askServersOfGraph(app);
}

/**
 * Ask for each server in the graph that has not been asked for yet; only saved ones are contacted.
 *
 * @param {App} app
 */
export function askServersOfGraph(app) {
  const servers = serversOf(app);
  const asked = new Set();
  for (const node of everyNode(app)) {
    const server = node.type === CONNECT ? serverOf({ node, hosts: [] }) : null;
    const key = server && keyOf(server);
    if (!server || asked.has(key) || servers.has(server)) continue;
    asked.add(key);
    void servers.ask(server);
  }
}
