// @ts-check
/** Configurations: what goes into widgets, and what comes out of them. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import {
  looksLikeConfiguration,
  loraRows,
  partition,
  restOf,
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
  assert.deepEqual(left, [loras[2]]);
  assert.deepEqual(loraRows([], 2).values, [
    ["lora_1", ""],
    ["lora_2", ""],
  ]);
});

test("LoRAs without a row go into the rest, and so does one that is switched off", () => {
  const loras = [
    { file: "off.ckpt", weight: 0, mode: "all" },
    { file: "a.ckpt", weight: -0.5, mode: "base" },
    { file: "b.ckpt", weight: 1, mode: "refiner" },
  ];
  const { placed, left } = loraRows(loras, 1);
  assert.deepEqual([placed, left], [[loras[1]], [loras[0], loras[2]]]);
  const found = {
    ...{ widgets: {}, model: "", loras, warnings: [] },
    ...{ rest: ["sharpness"], rest_text: '{"sharpness": 4}' },
  };
  assert.deepEqual(restOf(found, []), { rest: ["sharpness"], text: '{"sharpness": 4}' });
  const { rest, text } = restOf({ ...found, rest: [], rest_text: "" }, left);
  assert.deepEqual([rest, JSON.parse(text)], [["loras"], { loras: left }]);
  assert.deepEqual(JSON.parse(restOf(found, left).text), { sharpness: 4, loras: left });
});
