// @ts-check
/** What is said of a widget that does not count. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { winLabel, winNote, winText } from "../../web/lib/overruled.js";

const by = "Import Configuration";

test("the value that counts stands beside the label, numbers as short as they are", () => {
  assert.equal(winLabel("width", { value: 768, by }), "width → 768");
  assert.equal(winText({ value: 0.30000001192092896, by }), "0.3");
  assert.equal(winText({ value: "automatic", by }), "automatic");
  assert.equal(winText({ value: "Euler A AYS", by }), "Euler A AYS");
});

test("a value that only a run knows is not made up", () => {
  assert.equal(winLabel("seed", { value: null, by }), "seed → …");
  assert.match(winNote({ value: null, by }), /Import Configuration.* when the graph runs/);
  assert.match(winNote({ value: 7, by }), /Import Configuration.* says 7/);
});
