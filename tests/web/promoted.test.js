// @ts-check
/** What a subgraph shows outside stands for a widget inside, whichever way the frontend says it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isView, originalOf } from "../../web/page/comfyui/promoted.js";

/** @typedef {import("../../web/comfyui.js").GraphNode} GraphNode */
/** @typedef {import("../../web/comfyui.js").Widget} Widget */

/**
 * @param {string} id
 * @param {object[]} widgets
 * @param {GraphNode[]} [inside]
 */
function node(id, widgets, inside) {
  const made = { id, type: "test", widgets, inputs: [], outputs: [] };
  const subgraph = inside && { nodes: inside, links: new Map() };
  return /** @type {GraphNode} */ (/** @type {unknown} */ ({ ...made, subgraph }));
}

/** @param {object} one */
const widget = (one) => /** @type {Widget} */ (one);

const VIEWS = {
  "frontend 1.36": { name: "5: model", _overlay: { nodeId: "5", widgetName: "model" } },
  "frontend 1.42": { name: "model", sourceNodeId: "5", sourceWidgetName: "model" },
};

for (const [frontend, view] of Object.entries(VIEWS)) {
  test(`a view of ${frontend} says where its original is`, () => {
    const inner = node("5", [{ name: "model" }]);
    const host = node("7", [view], [node("4", []), inner]);
    assert.ok(isView(widget(view)));
    assert.deepEqual(originalOf(host, widget(view)), {
      node: inner,
      hosts: [host],
      name: "model",
    });
  });

  test(`a view of ${frontend} is seen through another`, () => {
    const inner = node("5", [{ name: "model" }]);
    const between = node("5", [view], [inner]);
    const outer = { ...view, name: view.name };
    if ("_overlay" in outer) outer._overlay = { nodeId: "5", widgetName: view.name };
    const host = node("9", [outer], [between]);
    const found = originalOf(host, widget(outer));
    assert.equal(found?.node, inner);
    assert.deepEqual(found?.hosts, [host, between]);
  });

  test(`a view of ${frontend} whose original is gone stands for nothing`, () => {
    assert.equal(originalOf(node("7", [view], []), widget(view)), null);
    assert.equal(originalOf(node("7", [view], [node("5", [])]), widget(view)), null);
  });
}

test("frontend 1.36 names a node in a subgraph of the subgraph by its path", () => {
  const inner = node("5", [{ name: "model" }]);
  const host = node("7", [], [node("3", [], [inner])]);
  const view = widget({ name: "3:5: model", _overlay: { nodeId: "3:5", widgetName: "model" } });
  assert.equal(originalOf(host, view)?.node, inner);
});

test("a widget that is no view is found by the subgraph's input", () => {
  const own = widget({ name: "model" });
  assert.ok(!isView(own));
  assert.equal(originalOf(node("7", [own], []), own), null);
});
