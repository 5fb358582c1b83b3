// @ts-check
/** Sizes, widgets that a model does not read, configurations. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { looksLikeConfiguration, loraRows, lorasOf, part } from "../../web/lib/configuration.js";
import { unread } from "../../web/lib/relevance.js";
import { readSize, sizeEntries } from "../../web/lib/sizes.js";

const SIZES = [
  { label: "1024 x 1024 (1:1)", width: 1024, height: 1024 },
  { label: "1152 x 896 (4:3)", width: 1152, height: 896 },
];

test("a size among the model's is the one that is chosen", () => {
  const { entries, chosen } = sizeEntries(SIZES, 1152, 896);
  assert.equal(chosen, "1152 x 896 (4:3)");
  assert.deepEqual(
    entries,
    SIZES.map(({ label }) => label),
  );
});

test("another size is offered first", () => {
  const { entries, chosen } = sizeEntries(SIZES, 640, 832);
  assert.equal(chosen, "640 x 832");
  assert.equal(entries[0], chosen);
  assert.equal(entries.length, 3);
});

test("usual sizes are offered for a model that nobody knows", () => {
  const { entries, chosen } = sizeEntries([], 1024, 1024);
  assert.equal(chosen, "1024 x 1024");
  assert.ok(entries.length > 3);
  for (const entry of entries) {
    const size = readSize(entry);
    assert.ok(size && size.width % 64 === 0 && size.height % 64 === 0, entry);
  }
});

test("entries are read back, and what is no size is none", () => {
  assert.deepEqual(readSize("1152 x 896 (4:3)"), { width: 1152, height: 896 });
  for (const entry of ["swap", "", undefined, "12 x", "1024 x 1024px"]) {
    assert.equal(readSize(entry), null);
  }
});

const FAMILIES = {
  families: {
    flux1: { name: "FLUX.1", negative_prompt: false, sizes: [] },
    v1: { name: "Stable Diffusion 1", negative_prompt: true, sizes: [] },
    wan: { name: "Wan", negative_prompt: true, sizes: [] },
    sdxl_refiner: { name: "SDXL Refiner", negative_prompt: true, sizes: [] },
    sdxl: { name: "SDXL", negative_prompt: true, sizes: [] },
  },
  matters_for: {
    tea_cache: ["flux1", "wan"],
    num_frames: ["wan"],
    aesthetic_score: ["sdxl_refiner"],
  },
  compatible: { refiners: { sdxl: ["sdxl", "sdxl_refiner"] } },
};
const NAMES = ["negative_prompt", "tea_cache", "num_frames", "sharpness"];

test("what a model does not read is found", () => {
  assert.deepEqual([...unread(NAMES, "v1", false, FAMILIES)], ["tea_cache", "num_frames"]);
  assert.deepEqual([...unread(NAMES, "flux1", false, FAMILIES)], ["negative_prompt", "num_frames"]);
});

test("nothing is unread as long as the version or the families are unknown", () => {
  assert.equal(unread(NAMES, "", false, FAMILIES).size, 0);
  assert.equal(unread(NAMES, "brand_new", false, FAMILIES).size, 0);
  assert.equal(unread(NAMES, "v1", false, null).size, 0);
});

test("a refiner reads fields of its own", () => {
  assert.equal(unread(["aesthetic_score"], "sdxl", false, FAMILIES).size, 1);
  assert.equal(unread(["aesthetic_score"], "sdxl", true, FAMILIES).size, 0);
});

test("only a text that may be a configuration is taken without a question", () => {
  assert.ok(looksLikeConfiguration(' {"width": 512}'));
  assert.ok(looksLikeConfiguration('[{"width": 512}]'));
  for (const text of ["", "a cat", "width: 512", "{}"]) {
    assert.ok(!looksLikeConfiguration(text), text);
  }
});

test("values are parted into those that can be set and the rest", () => {
  const values = { width: 512, steps: 8, frames: 81 };
  const parted = part(values, new Set(["width", "steps"]), new Set(["steps"]));
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
