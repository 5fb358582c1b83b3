// @ts-check
/** How a connection can be protected, as Connect's widget `transport` has it. */

import { say } from "./words.js";

/** @typedef {import("./words.js").Key} Key */

/** @satisfies {Record<string, Key>} */
const LABELS = {
  "Draw Things certificate": "transport.draw_things",
  "pinned certificate": "transport.pinned",
  "own certificate authority": "transport.authority",
  "system certificates": "transport.system",
  plaintext: "transport.plaintext",
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
