// @ts-check
/** Finds out how a server is reached, before it becomes the default one. */

import { TRANSPORT } from "./facts.js";

/**
 * @typedef {import("./addresses.js").Server} Server
 * @typedef {import("./servers.js").Status} Status
 */

/** What stands for a transport that is to be found out. */
export const FIND_OUT = "";

/** The kind of error that says that the two sides do not protect the connection alike. */
const OTHER_TRANSPORT = "TlsMismatch";

/**
 * Return the servers to try, in their order: Draw Things comes with a certificate, and some people
 * switch that off.
 *
 * @param {Server} server its transport can be FIND_OUT
 * @returns {Server[]}
 */
export function attempts(server) {
  if (server.transport !== FIND_OUT) return [server];
  const both = [TRANSPORT.drawThings, TRANSPORT.plaintext];
  return both.map((transport) => ({ ...server, transport }));
}

/**
 * Try to reach a server; return how, and what it said. One that does not answer is told as it was
 * tried first.
 *
 * @param {Server} server its transport can be FIND_OUT
 * @param {(server: Server) => Promise<Status>} test
 * @returns {Promise<{server: Server, status: Status}>}
 */
export async function reach(server, test) {
  /** @type {{server: Server, status: Status} | null} */
  let first = null;
  for (const one of attempts(server)) {
    const status = await test(one);
    if (status.state === "connected") return { server: one, status };
    first ??= { server: one, status };
    if (status.error?.kind !== OTHER_TRANSPORT) return { server: one, status };
  }
  return first ?? { server, status: { state: "unasked" } };
}
