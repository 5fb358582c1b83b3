// @ts-check
/** What a node is wired to. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { defaultServer } from "../../web/lib/addresses.js";
import { Servers } from "../../web/lib/servers.js";
import { surroundings } from "../../web/lib/surroundings.js";
import { TestGraph } from "./graphs.js";

const CATALOG = /** @type {const} */ ({
  source: "server",
  models: [{ file: "a.ckpt", name: "A", version: "v1" }],
});
const HERE = { host: "mac.local", port: 7859 };
const REST = { transport: "plaintext", certificate: "", credential: "" };

/** @param {Record<string, string>} values of Load Model */
function wired(values) {
  const graph = new TestGraph();
  const connect = graph.add("Drawbridge_Connect", { ...HERE, ...REST });
  const load = graph.add("Drawbridge_LoadModel", { model: "a.ckpt", ...values });
  const generate = graph.add("Drawbridge_Generate");
  graph.link(connect, 0, load, 0);
  graph.link(load, 0, generate, 0);
  const servers = new Servers(
    () => new Promise(() => {}),
    (error) => ({ kind: "", problem: String(error), remedy: "" }),
  );
  return { graph, generate, servers };
}

test("server, model and what the catalogue says of it are found", () => {
  const { generate, servers } = wired({ version: "automatic" });
  const before = surroundings(servers, generate);
  assert.deepEqual(before.server, { ...HERE, ...REST });
  assert.deepEqual([before.model, before.version, before.catalog], ["a.ckpt", "", null]);
  servers.learn({ ...HERE, ...REST }, { state: "connected", catalog: CATALOG });
  const { version, catalog } = surroundings(servers, generate);
  assert.deepEqual([version, catalog], ["v1", CATALOG]);
});

for (const [values, expected] of /** @type {[Record<string, string>, string][]} */ ([
  [{ version: "flux1" }, "flux1"],
  [{ version: "v1", specification: '{"version": "sd3"}' }, "sd3"],
  [{ version: "v1", specification: '{"name": "A"}' }, "v1"],
  [{ version: "v1", specification: "{" }, ""],
])) {
  test(`Load Model with ${JSON.stringify(values)} has version ${expected || "unknown"}`, () => {
    const { generate, servers } = wired(values);
    assert.equal(surroundings(servers, generate).version, expected);
  });
}

test("a server whose address comes from a run is none yet", () => {
  const { graph, generate, servers } = wired({ version: "v1" });
  const connect = graph.nodes[0];
  const upload = graph.add("Drawbridge_Upload");
  assert.ok(connect);
  graph.link(upload, 0, connect, 0);
  const found = surroundings(servers, generate);
  assert.deepEqual([found.connect?.node, found.server, found.known], [connect, null, null]);
});

test("the default server is known whatever the other widgets say, or a run would tell", () => {
  const { graph, generate, servers } = wired({});
  const connect = graph.nodes[0];
  const host = connect?.widgets?.find(({ name }) => name === "host");
  assert.ok(connect && host);
  host.value = "Default server";
  graph.link(graph.add("Drawbridge_Upload"), 0, connect, 1); // its port
  const { server } = surroundings(servers, generate);
  assert.deepEqual(server, defaultServer());
});
