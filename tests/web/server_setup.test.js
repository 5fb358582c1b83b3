// @ts-check
/** How a server is reached before it becomes the default one. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { TRANSPORT } from "../../web/lib/facts.js";
import { FIND_OUT, reach } from "../../web/lib/server_setup.js";

const SERVER = {
  ...{ host: "mac.local", port: 7859, transport: FIND_OUT, certificate: "", credential: "" },
};

/** @typedef {import("../../web/lib/servers.js").Status} Status */

/**
 * @param {Record<string, string>} kinds what goes wrong, by transport; "" is connected
 */
async function tried(kinds, transport = FIND_OUT) {
  /** @type {string[]} */
  const asked = [];
  const { server, status } = await reach({ ...SERVER, transport }, async (one) => {
    asked.push(one.transport);
    const kind = kinds[one.transport];
    /** @type {Status} */
    const answer = kind
      ? { state: "failed", error: { kind, problem: one.transport, remedy: "" } }
      : { state: "connected" };
    return answer;
  });
  return { asked, transport: server.transport, state: status.state, said: status.error?.problem };
}

test("a server as it comes is asked once", async () => {
  const { asked, transport, state } = await tried({});
  assert.deepEqual([asked, transport, state], [[TRANSPORT.drawThings], TRANSPORT.drawThings, "connected"]);
});

test("a server whose encryption is off is found out", async () => {
  const { asked, transport, state } = await tried({ [TRANSPORT.drawThings]: "TlsMismatch" });
  assert.deepEqual(asked, [TRANSPORT.drawThings, TRANSPORT.plaintext]);
  assert.deepEqual([transport, state], [TRANSPORT.plaintext, "connected"]);
});

test("a server that is not there, or wants a secret, is not tried without encryption", async () => {
  for (const kind of ["ServerUnreachable", "SecretRejected"]) {
    const { asked, said } = await tried({ [TRANSPORT.drawThings]: kind });
    assert.deepEqual([asked, said], [[TRANSPORT.drawThings], TRANSPORT.drawThings]);
  }
});

test("a transport that is chosen is the only one", async () => {
  const kinds = { [TRANSPORT.pinned]: "TlsMismatch" };
  assert.deepEqual((await tried(kinds, TRANSPORT.pinned)).asked, [TRANSPORT.pinned]);
});

test("where none fits, the first one's words are told", async () => {
  const both = { [TRANSPORT.drawThings]: "TlsMismatch", [TRANSPORT.plaintext]: "TlsMismatch" };
  assert.equal((await tried(both)).state, "failed");
});
