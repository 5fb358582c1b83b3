// @ts-check
/** Addresses of servers as people write them and as Connect takes them. */

import { DEFAULT_PORT, DEFAULT_SERVER, MOST_AT_ONCE } from "./facts.js";

/**
 * @typedef {object} Server what Connect's widgets say
 * @property {string} host
 * @property {number} port
 * @property {string} transport
 * @property {string} certificate
 * @property {string} credential
 * @typedef {Server & {name: string, at_once?: number}} SavedServer `at_once` is missing where it is 1
 */

/**
 * Return how many requests may be open at a server, of what somebody has typed: 1 where that is
 * nothing, null where it is no whole number from 1 to MOST_AT_ONCE.
 *
 * @param {string} text
 * @returns {number | null}
 */
export function readAtOnce(text) {
  const count = text.trim() === "" ? 1 : Number(text);
  return Number.isInteger(count) && count >= 1 && count <= MOST_AT_ONCE ? count : null;
}

/**
 * Say whether a host stands for the person's own default server.
 *
 * @param {string} host
 */
export function meansDefault(host) {
  return host.trim().toLowerCase() === DEFAULT_SERVER;
}

/**
 * Return what stands for the default server, whatever else Connect's widgets say.
 *
 * @returns {Server}
 */
export function defaultServer() {
  const rest = { transport: "", certificate: "", credential: "" };
  return { host: DEFAULT_SERVER, port: DEFAULT_PORT, ...rest };
}

/**
 * Return "host:port"; an IPv6 address is put into brackets.
 *
 * @param {{host: string, port: number}} server
 * @returns {string}
 */
export function addressOf({ host, port }) {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Split "mac.local:7860" into host and port; an address without a port gets the one given.
 *
 * @param {string} text
 * @param {number} port
 * @returns {{host: string, port: number}}
 */
export function readAddress(text, port = DEFAULT_PORT) {
  const written = text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\/([^/?#]*).*$/is, "$1")
    .replace(/\/+$/, "");
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(written);
  const plain = /^([^:]+):(\d+)$/.exec(written);
  const found = bracketed ?? plain;
  if (!found) return { host: written, port };
  return { host: found[1] ?? written, port: found[2] ? Number(found[2]) : port };
}

/**
 * Split a list of servers, however it is separated: "mac.local, 10.0.0.2:7860".
 *
 * @param {string} text
 * @returns {string[]} each once, in the order of the text
 */
export function readList(text) {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

/**
 * Return a name for a server that nobody has named, other than those that are taken.
 *
 * @param {string} wish
 * @param {readonly string[]} taken
 * @returns {string}
 */
export function freeName(wish, taken) {
  const used = new Set(taken.map((name) => name.toLowerCase()));
  const base = wish.trim() || "Draw Things";
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base} ${number}`;
    if (!used.has(name.toLowerCase())) return name;
  }
}

/**
 * Return whether two servers are reached in the same way; a host's letters count alike.
 *
 * @param {Server} one
 * @param {Server} other
 * @returns {boolean}
 */
export function isSameServer(one, other) {
  return (
    addressOf(one).toLowerCase() === addressOf(other).toLowerCase() &&
    one.transport === other.transport
  );
}
