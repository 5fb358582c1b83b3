// @ts-check
/** What a node of ours is wired to: its server and its model, as far as that can be told. */

import { defaultServer, meansDefault } from "./addresses.js";
import { versionOf } from "./catalog.js";
import { CONNECT_WIDGETS } from "./facts.js";
import { connectOf, loadModelOf } from "./graph.js";
import { valueOf } from "./values.js";

/**
 * @typedef {import("./addresses.js").Server} Server
 * @typedef {import("./catalog.js").Catalog} Catalog
 * @typedef {import("./links.js").Node} Node
 * @typedef {import("./links.js").Place} Place
 * @typedef {import("./servers.js").ServerState} ServerState
 */

/**
 * @typedef {object} Surroundings
 * @property {Place | null} connect
 * @property {Server | null} server null without a Connect, or where only a run knows its address
 * @property {Readonly<ServerState> | null} known
 * @property {Catalog | null} catalog
 * @property {string} model file or name, "" if there is none
 * @property {string} version of the model, "" if unknown
 */

/**
 * Return what a node is wired to, and what is known of it.
 *
 * @param {import("./servers.js").Servers} servers
 * @param {Node} node
 * @param {readonly Node[]} hosts
 * @returns {Surroundings}
 */
export function surroundings(servers, node, hosts = []) {
  const connect = connectOf(node, hosts);
  const server = connect && serverOf(connect);
  const known = server && servers.get(server);
  const catalog = known?.catalog ?? null;
  const load = loadModelOf(node, hosts);
  const model = load ? String(valueOf(load, "model").value ?? "") : "";
  const version = load ? modelVersion(load, catalog, model) : "";
  return { connect, server, known, catalog, model, version };
}

/**
 * Return the server that a Connect names, null where only a run knows it.
 *
 * @param {Place} connect
 * @returns {Server | null}
 */
export function serverOf(connect) {
  const host = valueOf(connect, "host");
  if (host.known && meansDefault(String(host.value ?? ""))) return defaultServer();
  const given = CONNECT_WIDGETS.map((name) => valueOf(connect, name));
  if (given.some(({ known }) => !known)) return null;
  const [, port, transport, certificate, credential] = given.map(({ value }) => value);
  return {
    host: String(host.value ?? ""),
    port: Number(port),
    transport: String(transport ?? ""),
    certificate: String(certificate ?? ""),
    credential: String(credential ?? ""),
  };
}

/**
 * Return the version of the model that Load Model names, "" if nobody knows it yet.
 *
 * @param {Place} load
 * @param {Catalog | null} catalog
 * @param {string} model
 */
function modelVersion(load, catalog, model) {
  const given = String(valueOf(load, "specification").value ?? "").trim();
  if (given) {
    try {
      const { version } = JSON.parse(given);
      if (typeof version === "string") return version;
    } catch {
      return ""; // the node says what is wrong with it
    }
  }
  return versionOf(catalog, model, String(valueOf(load, "version").value ?? ""));
}
