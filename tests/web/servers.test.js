// @ts-check
/** What is known of servers, and how often they are asked. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Servers, keyOf } from "../../web/lib/servers.js";

const SERVER = {
  host: "mac.local",
  port: 7859,
  transport: "plaintext",
  certificate: "",
  credential: "",
};
const OTHER = { ...SERVER, port: 7860 };
const EMPTY = /** @type {const} */ ({ source: "server" });

/** A server of ComfyUI's that answers when the test says so. */
function fake() {
  /** @type {{body: any, answer: (value: any) => void, fail: (error: Error) => void}[]} */
  const asked = [];
  let now = 0;
  const servers = new Servers(
    (body) => new Promise((answer, fail) => asked.push({ body, answer, fail })),
    (error) => ({ kind: "page", problem: String(error), remedy: "Look." }),
    () => now,
  );
  return { servers, asked, wait: (/** @type {number} */ ms) => (now += ms) };
}

test("who asks while a server is being asked gets that answer", async () => {
  const { servers, asked } = fake();
  const both = [servers.ask(SERVER), servers.ask(SERVER)];
  assert.equal(asked.length, 1);
  assert.equal(servers.get(SERVER).asking, true);
  asked[0]?.answer({ state: "connected", catalog: EMPTY });
  for (const known of await Promise.all(both)) assert.equal(known.status.state, "connected");
  assert.equal(servers.get(SERVER).asking, false);
});

test("servers are asked independently of each other", () => {
  const { servers, asked } = fake();
  void servers.ask(SERVER);
  void servers.ask(OTHER);
  assert.deepEqual(
    asked.map(({ body }) => body.server.port),
    [7859, 7860],
  );
});

test("no press is lost, and what was pressed for may be asked from then on", async () => {
  const { servers, asked } = fake();
  const quiet = servers.ask(SERVER);
  const pressed = servers.ask(SERVER, { pressed: true, refresh: true });
  assert.equal(asked[0]?.body.asked, false);
  asked[0]?.answer({ state: "unasked" });
  await quiet;
  await new Promise(setImmediate);
  assert.deepEqual([asked[1]?.body.asked, asked[1]?.body.refresh], [true, true]);
  asked[1]?.answer({ state: "connected", catalog: EMPTY });
  assert.equal((await pressed).pressed, true);
  void servers.ask(SERVER);
  assert.equal(asked[2]?.body.asked, true);
  void servers.ask(OTHER);
  assert.equal(asked[3]?.body.asked, false);
});

test("the last catalogue stays when a server fails, and its age goes on", async () => {
  const { servers, asked, wait } = fake();
  const first = servers.ask(SERVER);
  asked[0]?.answer({ state: "connected", catalog: EMPTY, age_seconds: 10 });
  await first;
  wait(5000);
  const second = servers.ask(SERVER);
  asked[1]?.fail(new Error("gone"));
  const known = await second;
  assert.equal(known.status.state, "failed");
  assert.equal(known.status.error?.problem, "Error: gone");
  assert.equal(known.catalog, EMPTY);
  assert.equal(servers.age(SERVER), 15);
  assert.equal(servers.age(OTHER), null);
});

test("what a run tells outlasts an older question that was not allowed", async () => {
  const { servers, asked, wait } = fake();
  const question = servers.ask(SERVER);
  servers.learn(SERVER, { state: "connected", catalog: EMPTY, age_seconds: 0 }, true);
  wait(3000);
  asked[0]?.answer({ state: "unasked" });
  const known = await question;
  assert.deepEqual([known.status.state, known.pressed, known.asking], ["connected", true, false]);
  assert.equal(servers.age(SERVER), 3);
});

test("an answer with an error has failed, and its catalogue counts", async () => {
  const { servers, asked } = fake();
  const question = servers.ask(SERVER);
  const error = { kind: "ServerUnreachable", problem: "No.", remedy: "Try." };
  asked[0]?.answer({ state: "failed", error, catalog: EMPTY });
  const known = await question;
  assert.deepEqual(
    [known.status.state, known.status.error, known.catalog],
    ["failed", error, EMPTY],
  );
});

test("listeners hear of every change", async () => {
  const { servers, asked } = fake();
  let heard = 0;
  servers.addEventListener("change", () => (heard += 1));
  const question = servers.ask(SERVER);
  asked[0]?.answer({ state: "unasked" });
  await question;
  assert.equal(heard, 2);
  servers.learn(SERVER, { state: "connected", catalog: EMPTY }, true);
  assert.equal(heard, 3);
  assert.equal(servers.get(SERVER).pressed, true);
  servers.learn(OTHER, { state: "failed" });
  servers.forgetSilent();
  assert.deepEqual([servers.has(SERVER), servers.has(OTHER)], [true, false]);
});

test("a silent server is asked again, by right of the press before", async () => {
  const { servers, asked } = fake();
  const question = servers.ask(SERVER, { pressed: true });
  asked[0]?.fail(new Error("gone"));
  await question;
  servers.forgetSilent();
  assert.equal(servers.has(SERVER), false);
  assert.deepEqual(
    [servers.get(SERVER).pressed, servers.get(SERVER).status.state],
    [true, "unasked"],
  );
  void servers.ask(SERVER);
  assert.equal(asked[1]?.body.asked, true);
});

test("servers that differ in anything but spaces are different", () => {
  assert.equal(keyOf({ ...SERVER, host: " mac.local " }), keyOf(SERVER));
  assert.notEqual(keyOf(OTHER), keyOf(SERVER));
  assert.notEqual(keyOf({ ...SERVER, credential: "studio" }), keyOf(SERVER));
});

test("the default server is one, whatever else Connect says of it", () => {
  const named = { ...SERVER, host: " Default Server" };
  assert.equal(keyOf(named), keyOf({ ...named, port: 1, credential: "studio" }));
  assert.notEqual(keyOf(named), keyOf({ ...SERVER, host: "default" }));
});

test("what a forgotten server answers late is not taken for what is known of it now", async () => {
  const { servers, asked } = fake();
  const before = servers.ask(SERVER);
  servers.forget(SERVER);
  const now = servers.ask(SERVER);
  assert.equal(asked.length, 2);
  asked[0]?.answer({ state: "connected", name: "old" });
  await before;
  assert.equal(servers.get(SERVER).asking, true);
  asked[1]?.answer({ state: "connected", name: "new" });
  await now;
  assert.equal(servers.get(SERVER).status.name, "new");
});
