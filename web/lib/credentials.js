// @ts-check
/** Names of credentials and the servers that they are meant for, read as the nodes read them. */

import { SECRET_VARIABLE_PREFIX } from "./facts.js";

const EVERY = "*";
const THIS_COMPUTER = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Return what all ways to write a credential's name have in common: `STUDIO` for `studio`.
 *
 * @param {string} name
 */
export function credentialKey(name) {
  const key = name.trim().toUpperCase();
  const bare = key.startsWith(SECRET_VARIABLE_PREFIX)
    ? key.slice(SECRET_VARIABLE_PREFIX.length)
    : key;
  return bare.replace(/[^A-Z0-9]/g, "_");
}

/**
 * Say whether a credential that is meant for these servers goes to that one.
 *
 * @param {readonly string[]} servers each a host, a host and port, or every one
 * @param {{host: string, port: number}} server
 */
export function isMeantFor(servers, { host, port }) {
  const wanted = normalised(host);
  return servers.some((one) => {
    if (one.trim() === EVERY) return true;
    const [, name, itsPort] = /^(\[.*\]|[^:]*):(\d{1,5})$/.exec(one.trim()) ?? ["", one, ""];
    return (!itsPort || Number(itsPort) === port) && isSame(normalised(name), wanted);
  });
}

/**
 * @param {string} one
 * @param {string} other
 */
function isSame(one, other) {
  return one === other || (THIS_COMPUTER.test(one) && THIS_COMPUTER.test(other));
}

/**
 * Return a host in the form in which equal hosts have equal texts, IPv6 in brackets.
 *
 * @param {string} host
 */
function normalised(host) {
  const name = host.trim();
  const bracketed = name.includes(":") && !name.startsWith("[") ? `[${name}]` : name;
  try {
    return new URL(`http://${bracketed}/`).hostname.replace(/\.$/, "");
  } catch {
    return name.toLowerCase();
  }
}
