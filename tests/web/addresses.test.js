// @ts-check
/** Addresses as people write them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  addressOf,
  freeName,
  isSameServer,
  readAddress,
  readAtOnce,
  readList,
} from "../../web/lib/addresses.js";

/** @type {[string, {host: string, port: number}][]} */
const WRITTEN = [
  ["mac.local", { host: "mac.local", port: 7859 }],
  [" mac.local:7860 ", { host: "mac.local", port: 7860 }],
  ["https://mac.local:7860/", { host: "mac.local", port: 7860 }],
  ["http://mac.local:7860/sdapi/v1?x=1", { host: "mac.local", port: 7860 }],
  ["grpc+tls://[fe80::1]:7861", { host: "fe80::1", port: 7861 }],
  ["[fe80::1]:7860", { host: "fe80::1", port: 7860 }],
  ["[fe80::1]", { host: "fe80::1", port: 7859 }],
  ["fe80::1", { host: "fe80::1", port: 7859 }],
  ["", { host: "", port: 7859 }],
];
for (const [text, expected] of WRITTEN) {
  test(`the address ${JSON.stringify(text)} is read`, () => {
    assert.deepEqual(readAddress(text), expected);
  });
}

test("what is pasted into Connect's host changes its port only where it says one", () => {
  /** @type {[string, {host: string, port: number}][]} */
  const pasted = [
    ["studio.lan:7860", { host: "studio.lan", port: 7860 }],
    ["http://studio.lan:7860/sdapi/v1/txt2img", { host: "studio.lan", port: 7860 }],
    ["grpc://10.0.0.2:443", { host: "10.0.0.2", port: 443 }],
    ["https://studio.lan", { host: "studio.lan", port: 0 }],
    ["studio.lan", { host: "studio.lan", port: 0 }],
    ["https://[fe80::1]/", { host: "fe80::1", port: 0 }],
  ];
  for (const [text, expected] of pasted) assert.deepEqual(readAddress(text, 0), expected);
});

test("an address that was read is written alike", () => {
  for (const text of ["mac.local:7860", "[fe80::1]:7860"]) {
    assert.equal(addressOf(readAddress(text)), text);
  }
});

test("a list may be separated as people like", () => {
  assert.deepEqual(readList(" a, b:1;c\n d,,a "), ["a", "b:1", "c", "d"]);
  assert.deepEqual(readList("  "), []);
});

test("a name that is taken gets a number", () => {
  assert.equal(freeName("Mac", []), "Mac");
  assert.equal(freeName("mac", ["Mac", "mac 2"]), "mac 3");
  assert.equal(freeName(" ", []), "Draw Things");
});

test("servers are the same if they are reached in the same way", () => {
  const server = {
    host: "Mac.local",
    port: 7859,
    transport: "plaintext",
    certificate: "",
    credential: "",
  };
  assert.ok(isSameServer(server, { ...server, host: "mac.local", credential: "studio" }));
  assert.ok(!isSameServer(server, { ...server, port: 1 }));
  assert.ok(!isSameServer(server, { ...server, transport: "system certificates" }));
});

test("how many requests may be open at once is read as it is typed", () => {
  const read = ["", " ", "1", " 4 ", "64", "0", "65", "-1", "2.5", "many"].map(readAtOnce);
  assert.deepEqual(read, [1, 1, 1, 4, 64, null, null, null, null, null]);
});
