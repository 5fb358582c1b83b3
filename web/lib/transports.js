// @ts-check
/** The transports of connections, in the page's language; Connect knows the English words alone. */

import { TRANSPORT } from "./facts.js";
import { say } from "./words.js";

/** @typedef {import("./words.js").Key} Key */

/** @satisfies {Record<string, Key>} */
const LABELS = {
  [TRANSPORT.drawThings]: "transport.draw_things",
  [TRANSPORT.pinned]: "transport.pinned",
  [TRANSPORT.authority]: "transport.authority",
  [TRANSPORT.system]: "transport.system",
  [TRANSPORT.plaintext]: "transport.plaintext",
};

export const TRANSPORTS = Object.keys(LABELS);

/**
 * Return a transport in the page's language; one that we don't know as it is.
 *
 * @param {string} transport
 * @returns {string}
 */
export function transportLabel(transport) {
  const key = Object.entries(LABELS).find(([known]) => known === transport)?.[1];
  return key ? say(key) : transport;
}
