// @ts-check
/** The values that widgets have when a graph runs. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isLinked, valueOf, widgetInside } from "../../web/lib/values.js";
import { TestGraph } from "./graphs.js";

test("a widget's value is its own, a primitive's, or the one that a subgraph shows", () => {
  const graph = new TestGraph();
  const inner = new TestGraph();
  const connect = inner.add("Drawbridge_Connect", { host: "inside", port: 1 });
  const host = graph.addSubgraph(inner, [["host", "STRING"]], [], { host: "shown" });
  inner.link(-10, 0, connect, 0);
  const place = { node: connect, hosts: [host] };
  assert.deepEqual(valueOf(place, "port"), { known: true, value: 1 });
  assert.deepEqual(valueOf(place, "host"), { known: true, value: "shown" });
  assert.deepEqual(valueOf({ node: connect, hosts: [] }, "host"), { known: true, value: "shown" });
  const primitive = graph.add("PrimitiveString", { value: "given" });
  const reroute = graph.add("Reroute");
  graph.link(primitive, 0, reroute, 0);
  graph.link(reroute, 0, host, 0);
  assert.deepEqual(valueOf(place, "host"), { known: true, value: "given" });
  assert.deepEqual(valueOf(place, "nothing"), { known: false });
});

test("a value that only a run knows is unknown", () => {
  const graph = new TestGraph();
  const connect = graph.add("Drawbridge_Connect", { host: "own" });
  graph.link(graph.add("Drawbridge_Upload"), 0, connect, 0);
  assert.equal(valueOf({ node: connect, hosts: [] }, "host").known, false);
});

test("a subgraph that shows no widget for an open input leaves the value inside", () => {
  const graph = new TestGraph();
  const inner = new TestGraph();
  const connect = inner.add("Drawbridge_Connect", { host: "inside" });
  graph.addSubgraph(inner, [["host", "STRING"]], []);
  inner.link(-10, 0, connect, 0);
  assert.deepEqual(valueOf({ node: connect, hosts: [] }, "host"), { known: true, value: "inside" });
});

test("a widget outside leads to the one inside, through two subgraphs", () => {
  const graph = new TestGraph();
  const middle = new TestGraph();
  const inner = new TestGraph();
  const host = graph.addSubgraph(middle, [["chosen", "STRING"]], [], { chosen: "x" });
  const nested = middle.addSubgraph(inner, [["deep", "STRING"]], [], { deep: "x" });
  const load = inner.add("Drawbridge_LoadModel", { model: "x" });
  middle.link(-10, 0, nested, 0);
  inner.link(-10, 0, load, 1);
  const found = widgetInside({ node: host, hosts: [] }, "chosen");
  assert.equal(found?.node, load);
  assert.equal(found?.name, "model");
  assert.deepEqual(found?.hosts, [host, nested]);
});

test("a widget is linked where its input is", () => {
  const graph = new TestGraph();
  const connect = graph.add("Drawbridge_Connect", { host: "own", port: 1 });
  graph.link(graph.add("PrimitiveString", { value: "x" }), 0, connect, 0);
  assert.deepEqual(
    ["host", "port", "none"].map((name) => isLinked(connect, name)),
    [true, false, false],
  );
});
