// @ts-check
/** Walks through graphs: which Connect, Load Model and Generate belong to a node. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { chainOf, connectOf, feederOf, generateOf, loadModelOf } from "../../web/lib/graph.js";
import { BYPASSED, MUTED } from "../../web/lib/links.js";
import { LORAS, MODEL, SERVER, TestGraph } from "./graphs.js";

/** @param {import("../../web/lib/links.js").Place | null} place */
const at = (place) => place?.node ?? null;

function plain() {
  const graph = new TestGraph();
  const connect = graph.add("Drawbridge_Connect", { host: "mac.local", port: 7859 });
  const load = graph.add("Drawbridge_LoadModel", { model: "a.ckpt" });
  const stack = graph.add("Drawbridge_LoRAStack");
  const generate = graph.add("Drawbridge_Generate");
  graph.link(connect, 0, load, 0);
  graph.link(load, 0, generate, 0);
  graph.link(stack, 0, generate, 1);
  return { graph, connect, load, stack, generate };
}

test("every node of a plain graph finds its Connect, Load Model and Generate", () => {
  const { connect, load, stack, generate } = plain();
  for (const node of [connect, load, stack, generate]) {
    assert.equal(at(connectOf(node)), connect, node.type);
    if (node !== connect) assert.equal(at(loadModelOf(node)), load, node.type);
    assert.equal(at(generateOf(node)), generate, node.type);
  }
});

test("links in a plain record are read like those in a map", () => {
  const { graph, connect, generate } = plain();
  graph.links = Object.fromEntries(/** @type {Map<number, any>} */ (graph.links));
  assert.equal(at(connectOf(generate)), connect);
});

test("each of several Connects belongs to its own branch", () => {
  const { graph, stack } = plain();
  const other = graph.add("Drawbridge_Connect");
  const load = graph.add("Drawbridge_LoadModel");
  const generate = graph.add("Drawbridge_Generate");
  graph.link(other, 0, load, 0);
  graph.link(load, 0, generate, 0);
  assert.equal(at(connectOf(generate)), other);
  assert.notEqual(at(connectOf(stack)), other);
});

test("a Load Model without a Connect does not take that of another branch", () => {
  const { graph, generate } = plain();
  const load = graph.add("Drawbridge_LoadModel");
  const first = graph.add("Drawbridge_Generate");
  graph.link(load, 0, first, 0);
  graph.link(first, 0, generate, 3);
  assert.equal(connectOf(load), null);
  assert.equal(connectOf(first), null);
});

test("the way leads through reroutes and switches", () => {
  const graph = new TestGraph();
  const connect = graph.add("Drawbridge_Connect");
  const reroute = graph.add("Reroute");
  const choice = graph.add("Switch");
  const load = graph.add("Drawbridge_LoadModel");
  graph.link(connect, 0, reroute, 0);
  graph.link(reroute, 0, choice, 1);
  graph.link(choice, 0, load, 0);
  assert.equal(at(connectOf(load)), connect);
});

test("a prompt finds its server by way of what it is wired to, through texts and reroutes", () => {
  const { graph, connect, load, generate } = plain();
  const prompt = graph.add("Drawbridge_Prompt");
  const reroute = graph.add("Reroute");
  graph.link(prompt, 0, reroute, 0);
  graph.link(reroute, 0, generate, 2);
  assert.equal(at(connectOf(prompt)), connect);
  assert.equal(at(loadModelOf(prompt)), load);
});

test("a stack's own model counts before that of its Generate", () => {
  const { graph, stack } = plain();
  const own = graph.add("Drawbridge_LoadModel");
  graph.link(own, 0, stack, 1);
  assert.equal(at(loadModelOf(stack)), own);
  assert.equal(connectOf(stack), null);
});

test("a bypassed stack hands on, and a branch that is switched off still finds its own", () => {
  const { graph, connect, stack, generate } = plain();
  const before = graph.add("Drawbridge_LoRAStack");
  graph.link(before, 0, stack, 0);
  stack.mode = BYPASSED;
  assert.equal(at(connectOf(before)), connect);
  generate.mode = MUTED;
  assert.equal(at(connectOf(before)), connect);
});

test("a running branch counts before a muted one", () => {
  const { graph, generate, stack } = plain();
  const other = graph.add("Drawbridge_Connect");
  const load = graph.add("Drawbridge_LoadModel");
  const second = graph.add("Drawbridge_Generate");
  graph.link(other, 0, load, 0);
  graph.link(load, 0, second, 0);
  graph.link(stack, 0, second, 1);
  generate.mode = MUTED;
  assert.equal(at(connectOf(stack)), other);
});

test("rings of links end the search", () => {
  const graph = new TestGraph();
  const one = graph.add("Reroute");
  const two = graph.add("Reroute");
  const load = graph.add("Drawbridge_LoadModel");
  graph.link(one, 0, two, 0);
  graph.link(two, 0, one, 0);
  graph.link(two, 0, load, 0);
  assert.equal(connectOf(load), null);
  const stack = graph.add("Drawbridge_LoRAStack");
  const next = graph.add("Drawbridge_LoRAStack");
  graph.link(stack, 0, next, 0);
  graph.link(next, 0, stack, 0);
  assert.equal(connectOf(stack), null);
  assert.equal(generateOf(stack), null);
});

test("the way leads out of a subgraph", () => {
  const graph = new TestGraph();
  const inner = new TestGraph();
  const connect = graph.add("Drawbridge_Connect");
  const host = graph.addSubgraph(inner, [["server", SERVER]], []);
  const load = inner.add("Drawbridge_LoadModel");
  graph.link(connect, 0, host, 0);
  inner.link(-10, 0, load, 0);
  const found = connectOf(load);
  assert.equal(at(found), connect);
  assert.deepEqual(found?.hosts, []);
});

test("the way leads into a subgraph, and through two of them", () => {
  const graph = new TestGraph();
  const middle = new TestGraph();
  const inner = new TestGraph();
  const host = graph.addSubgraph(middle, [], [MODEL]);
  const nested = middle.addSubgraph(inner, [], [MODEL]);
  const connect = inner.add("Drawbridge_Connect");
  const load = inner.add("Drawbridge_LoadModel");
  const generate = graph.add("Drawbridge_Generate");
  inner.link(connect, 0, load, 0);
  inner.link(load, 0, -20, 0);
  middle.link(nested, 0, -20, 0);
  graph.link(host, 0, generate, 0);
  const found = connectOf(generate);
  assert.equal(at(found), connect);
  assert.deepEqual(found?.hosts, [host, nested]);
});

test("a stack in a subgraph finds what its Generate outside is wired to", () => {
  const { graph, connect, generate } = plain();
  const inner = new TestGraph();
  const host = graph.addSubgraph(inner, [], [LORAS]);
  const stack = inner.add("Drawbridge_LoRAStack");
  inner.link(stack, 0, -20, 0);
  graph.link(host, 0, generate, 1);
  assert.equal(at(connectOf(stack)), connect);
});

test("a subgraph that is used twice has the server of the one through which one came", () => {
  const graph = new TestGraph();
  const inner = new TestGraph();
  const load = inner.add("Drawbridge_LoadModel");
  inner.link(-10, 0, load, 0);
  const places = [1, 2].map(() => {
    const connect = graph.add("Drawbridge_Connect");
    const host = graph.addSubgraph(inner, [["server", SERVER]], []);
    graph.link(connect, 0, host, 0);
    return { connect, host };
  });
  for (const { connect, host } of places) assert.equal(at(connectOf(load, [host])), connect);
});

test("a subgraph that lies in itself ends the search", () => {
  const graph = new TestGraph();
  const inner = new TestGraph();
  const host = graph.addSubgraph(inner, [], [MODEL]);
  const again = inner.addSubgraph(inner, [], [MODEL]);
  inner.link(again, 0, -20, 0);
  const generate = graph.add("Drawbridge_Generate");
  graph.link(host, 0, generate, 0);
  assert.equal(connectOf(generate), null);
});

test("what feeds an input is found through reroutes and through nodes that hand it on", () => {
  const { graph, stack, generate } = plain();
  const reroute = graph.add("Reroute");
  const first = graph.add("Drawbridge_LoRAStack");
  const other = graph.add("Drawbridge_Other");
  graph.link(first, 0, reroute, 0);
  graph.link(reroute, 0, stack, 0);
  assert.equal(at(feederOf(generate, "loras", stack.type)), stack);
  assert.equal(at(feederOf(stack, "loras", stack.type)), first);
  assert.equal(feederOf(first, "loras", stack.type), null);
  assert.equal(feederOf(generate, "loras", other.type), null);
  assert.equal(feederOf(generate, "nothing", stack.type), null);
});

test("a node that does not run feeds nothing, one before a bypassed one does", () => {
  const { graph, stack, generate } = plain();
  const first = graph.add("Drawbridge_LoRAStack");
  graph.link(first, 0, stack, 0);
  stack.mode = BYPASSED;
  assert.equal(at(feederOf(generate, "loras", stack.type)), first);
  stack.mode = MUTED;
  assert.equal(feederOf(generate, "loras", stack.type), null);
});

test("a ring of nodes that hand something on ends the search", () => {
  const { graph, stack, generate } = plain();
  graph.link(stack, 0, stack, 0);
  assert.equal(feederOf(generate, "loras", "Drawbridge_Other"), null);
});

test("stacks of LoRAs come in the order in which they count, each once even in a ring", () => {
  const { graph, stack, generate } = plain();
  const first = graph.add("Drawbridge_LoRAStack");
  graph.link(first, 0, stack, 0);
  const chain = () => chainOf({ node: generate, hosts: [] }, "loras");
  const stacks = () => chain().places.map(({ node }) => node);
  assert.deepEqual([stacks(), chain().whole], [[first, stack], true]);
  stack.mode = BYPASSED;
  assert.deepEqual([stacks(), chain().whole], [[first], true]);
  stack.mode = MUTED;
  assert.deepEqual([stacks(), chain().whole], [[], true]);
  stack.mode = 0;
  graph.link(stack, 0, first, 0); // a ring, which only a damaged file has
  assert.deepEqual([stacks(), chain().whole], [[first, stack], false]);
});
