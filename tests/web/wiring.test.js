// @ts-check
/** What is told of a Generate and the nodes before it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { keepText, wiringOf } from "../../web/lib/wiring.js";
import { TestGraph } from "./graphs.js";

const SEEN = { model: "a.ckpt", version: "v1", server: null };

/** @param {import("../../web/lib/wiring.js").Step[]} steps */
const types = (steps) => steps.map(({ type }) => type.replace("Drawbridge_", ""));

function wired() {
  const graph = new TestGraph();
  const generate = graph.add("Drawbridge_Generate", { steps: 8, prompt: "a lake" });
  const speed = graph.add("Drawbridge_SettingsSpeed", { tea_cache: true });
  const tiling = graph.add("Drawbridge_SettingsTiling", { tiled_decoding: false });
  const imported = graph.add("Drawbridge_ImportConfiguration", { configuration: "{}" });
  const hint = graph.add("Drawbridge_ControlNetHint", { control: "canny.ckpt" });
  const at = (/** @type {import("../../web/comfyui.js").GraphNode} */ node, /** @type {string} */ name) =>
    node.inputs.findIndex((slot) => slot.name === name);
  graph.link(imported, 0, speed, at(speed, "settings"));
  graph.link(speed, 0, tiling, at(tiling, "settings"));
  graph.link(tiling, 0, generate, at(generate, "settings"));
  graph.link(imported, 2, hint, at(hint, "controls"));
  graph.link(hint, 0, generate, at(generate, "controls"));
  return { graph, generate, speed, tiling, imported, hint, at };
}

test("chains are told from their first node to the last, with what widgets hold", () => {
  const { generate } = wired();
  const told = wiringOf({ node: generate, hosts: [] }, SEEN);
  assert.deepEqual(types(told.settings), ["ImportConfiguration", "SettingsSpeed", "SettingsTiling"]);
  assert.deepEqual(types(told.controls), ["ImportConfiguration", "ControlNetHint"]);
  assert.deepEqual([told.loras, told.ends], [[], []]);
  assert.deepEqual(told.settings[1]?.values, { tea_cache: true });
  assert.deepEqual([told.model, told.version], ["a.ckpt", "v1"]);
  assert.deepEqual(told.generate.values, { steps: 8 }); // prompts are in no configuration
});

test("what only a run knows is named, and told as it is shown", () => {
  const { graph, generate, speed, hint, at } = wired();
  graph.link(graph.add("Drawbridge_Upload"), 0, speed, at(speed, "tea_cache"));
  graph.link(graph.add("LoadImage"), 0, hint, at(hint, "image"));
  const told = wiringOf({ node: generate, hosts: [] }, SEEN);
  assert.deepEqual(told.settings[1]?.unknown, ["tea_cache"]);
  assert.deepEqual(told.settings[1]?.values, { tea_cache: true });
  assert.deepEqual(told.controls[1]?.linked, ["controls", "image"]);
});

test("a chain whose beginning only a run knows is named", () => {
  const { graph, generate, imported, at } = wired();
  graph.link(graph.add("Switch"), 0, imported, at(imported, "settings"));
  const told = wiringOf({ node: generate, hosts: [] }, SEEN);
  assert.deepEqual([types(told.settings).length, told.ends], [3, ["settings"]]);
});

test("what was pasted without effect stays with Generate until something else is pasted", () => {
  const { generate } = wired();
  const kept = () => wiringOf({ node: generate, hosts: [] }, SEEN).kept;
  assert.equal(kept(), "");
  keepText(generate, '{"numFrames": 49}');
  assert.equal(kept(), '{"numFrames": 49}');
  keepText(generate, "");
  assert.deepEqual([kept(), generate.properties], ["", {}]);
});
