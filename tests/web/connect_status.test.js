// @ts-check
/** What Connect says of its server. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { connectStatus } from "../../web/lib/connect_status.js";

/**
 * @param {import("../../web/lib/servers.js").Status} status
 * @param {Partial<import("../../web/lib/servers.js").ServerState>} more
 */
const known = (status, more = {}) => ({
  ...{ asking: false, pressed: false, catalog: null, readAt: null },
  status,
  ...more,
});
const PRINT = Array.from({ length: 32 }, (_, at) => (at + 16).toString(16).toUpperCase()).join(":");

test("a server that only a run knows has not been asked", () => {
  const { state, detail } = connectStatus(null, null);
  assert.equal(state, "unasked");
  assert.match(detail, /known only when the graph runs/);
});

test("only who may be asked is shown as being asked", () => {
  const unasked = known({ state: "unasked" }, { asking: true });
  assert.equal(connectStatus(unasked, null).state, "unasked");
  assert.equal(connectStatus(unasked, "Studio").state, "asking");
  assert.equal(connectStatus({ ...unasked, pressed: true }, null).state, "asking");
  const connected = known({ state: "connected" }, { asking: true, pressed: true });
  assert.equal(connectStatus(connected, null).state, "connected");
});

test("a failure says fact and remedy", () => {
  const error = { kind: "ServerUnreachable", problem: "No.", remedy: "Try." };
  assert.equal(connectStatus(known({ state: "failed", error }), null).detail, "No. Try.");
  assert.equal(connectStatus(known({ state: "failed" }), null).detail, "");
});

test("a connection says name, time, what there is and what to know of it", () => {
  const status = /** @type {const} */ ({
    state: "connected",
    latency_ms: 0.4,
    model_browser: false,
    counts: { models: 2, loras: 0, controls: 1 },
    fingerprint: PRINT,
    pin: "public",
  });
  const { title, detail } = connectStatus(known(status), "Studio");
  assert.equal(title, "Connected to Studio");
  const [counts, print, pin, browser] = detail.split("\n");
  assert.equal(counts, "2 models · 1 controls · 1 ms");
  assert.equal(print, "Certificate 10:11:12:13 … 2C:2D:2E:2F");
  assert.match(pin ?? "", /key is public/);
  assert.match(browser ?? "", /only official files/);
});

test("a default server that is not there yet is set up, one that is there is named", () => {
  const error = { kind: "NoDefaultServer", problem: "No.", remedy: "Try." };
  const { state, title, detail } = connectStatus(known({ state: "failed", error }), null, true);
  assert.deepEqual([state, title], ["unset", "No server yet"]);
  assert.match(detail, /your default server/);
  const status = /** @type {const} */ ({ state: "connected", address: "mac.local:7859" });
  const told = connectStatus(known(status), "Studio", true);
  assert.equal(told.title, "Connected to Studio");
  assert.equal(told.detail, "Your default server, mac.local:7859");
});
