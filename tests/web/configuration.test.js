// @ts-check
/** Configurations: what goes into widgets, and what comes out of them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  looksLikeConfiguration,
  loraRows,
  lorasOf,
  partition,
} from "../../web/lib/configuration.js";

test("only a text that may be a configuration is taken without a question", () => {
  assert.ok(looksLikeConfiguration(' {"width": 512}'));
  assert.ok(looksLikeConfiguration('[{"width": 512}]'));
  for (const text of ["", "a cat", "width: 512", "{}"]) {
    assert.ok(!looksLikeConfiguration(text), text);
  }
});

test("what any program writes is taken without a question", () => {
  const file = new URL("../vectors/configurations.json", import.meta.url);
  /** @type {{name: string, text: string}[]} */
  const cases = JSON.parse(readFileSync(file, "utf8"));
  for (const { name, text } of cases) assert.ok(looksLikeConfiguration(text), name);
});

test("values are parted into those that can be set and the rest", () => {
  const values = { width: 512, steps: 8, frames: 81 };
  const parted = partition(values, new Set(["width", "steps"]), new Set(["steps"]));
  assert.deepEqual(parted, { taken: [["width", 512]], left: ["steps", "frames"] });
});

test("rows are filled in order, the others emptied, and nothing is dropped silently", () => {
  const loras = ["a", "b", "c"].map((file) => ({ file, weight: 0.5, mode: "base" }));
  const { values, left } = loraRows(loras, 2);
  assert.deepEqual(Object.fromEntries(values), {
    lora_1: "a",
    weight_1: 0.5,
    mode_1: "base",
    lora_2: "b",
    weight_2: 0.5,
    mode_2: "base",
  });
  assert.deepEqual(left, ["c"]);
  assert.deepEqual(loraRows([], 2).values, [
    ["lora_1", ""],
    ["lora_2", ""],
  ]);
});

test("LoRAs go out of rows as they went in", () => {
  const loras = [
    { file: "a.ckpt", weight: -0.5, mode: "base" },
    { file: "b.ckpt", weight: 1, mode: "refiner" },
  ];
  const values = new Map([
    ...loraRows(loras, 4).values,
    ["lora_3", "None"],
    ["lora_4", "c.ckpt"],
    ["weight_4", 0],
  ]);
  assert.deepEqual(
    lorasOf((name) => values.get(name), 4),
    loras,
  );
});
