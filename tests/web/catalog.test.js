// @ts-check
/** What pickers show of a catalogue. */

import assert from "node:assert/strict";
import { test } from "node:test";

import * as catalog from "../../web/lib/catalog.js";
import { matches, searchWords } from "../../web/lib/search.js";

const SDXL = { version: "sdxl_base_v0.9", version_name: "SDXL" };
const FLUX = { version: "flux1", version_name: "FLUX.1" };
const COMPATIBLE = {
  loras: { "kandinsky2.1": ["kandinsky2.1", "v1"] },
  refiners: { "sdxl_base_v0.9": ["sdxl_base_v0.9", "sdxl_refiner_v0.9"] },
};

/** @type {import("../../web/lib/catalog.js").Catalog} */
const HAS = {
  source: "server",
  models: [
    { file: "flux_dev.ckpt", name: "FLUX.1 dev", ...FLUX },
    { file: "juggernaut_10.ckpt", name: "Juggernaut 10", ...SDXL },
    { file: "juggernaut_9.ckpt", name: "Juggernaut 9", ...SDXL },
    { file: "old.ckpt", name: "Old", deprecated: true, ...SDXL },
    { file: "flux_dev.ckpt", name: "FLUX.1 dev again", ...FLUX },
  ],
  loras: [
    { file: "ink_xl.ckpt", name: "Ink", ...SDXL },
    { file: "ink_flux.ckpt", name: "Ink", ...FLUX },
    { file: "v1.ckpt", name: "One", version: "v1", version_name: "Stable Diffusion 1" },
  ],
  textual_inversions: [
    { file: "a.ckpt", name: "A", keyword: "one", ...SDXL },
    { file: "a.ckpt", name: "A", keyword: "two", ...SDXL },
    { file: "b.ckpt", name: "B", keyword: "", ...SDXL },
  ],
};

test("each file is offered once, and embeddings by their keywords", () => {
  assert.equal(catalog.items(HAS, "model").length, 4);
  assert.deepEqual(
    catalog.items(HAS, "embedding").map(({ keyword }) => keyword),
    ["one", "two"],
  );
  assert.deepEqual(catalog.items(null, "lora"), []);
});

test("groups go by version, the model's first, numbers in order, deprecated last", () => {
  const shown = catalog.groups(catalog.items(HAS, "model"), "sdxl_base_v0.9");
  assert.deepEqual(
    shown.map(({ key }) => key),
    ["sdxl_base_v0.9", "flux1", "deprecated"],
  );
  assert.deepEqual(
    shown[0]?.items.map(({ name }) => name),
    ["Juggernaut 9", "Juggernaut 10"],
  );
  assert.equal(catalog.groups(catalog.items(HAS, "model"))[0]?.name, "FLUX.1");
});

test("what the server lacks comes last, whatever else it is", () => {
  const shown = catalog.groups([
    { file: "a", name: "A", present: false, ...SDXL },
    { file: "b", name: "B", present: true, ...FLUX },
    { file: "c", name: "C", deprecated: true, ...SDXL },
    { file: "d", name: "D", deprecated: true, present: false, ...SDXL },
  ]);
  assert.deepEqual(
    shown.map(({ key, items }) => [key, items.map(({ file }) => file).join("")]),
    [
      ["flux1", "b"],
      [catalog.DEPRECATED, "c"],
      [catalog.ABSENT, "ad"],
    ],
  );
});

for (const { choice, item, version, expected } of /** @type {const} */ ([
  { choice: "lora", item: "flux1", version: "flux1", expected: true },
  { choice: "lora", item: "v1", version: "kandinsky2.1", expected: true },
  { choice: "lora", item: "kandinsky2.1", version: "v1", expected: false },
  { choice: "lora", item: "flux1", version: "", expected: true },
  { choice: "refiner", item: "sdxl_refiner_v0.9", version: "sdxl_base_v0.9", expected: true },
  { choice: "refiner", item: "flux1", version: "sdxl_base_v0.9", expected: false },
  { choice: "control", item: "v1", version: "kandinsky2.1", expected: false },
  { choice: "model", item: "v1", version: "flux1", expected: true },
])) {
  test(`${choice} of ${item} ${expected ? "fits" : "does not fit"} ${version || "any model"}`, () => {
    const record = { file: "x", name: "x", version: item };
    assert.equal(catalog.fits(choice, record, version, COMPATIBLE), expected);
  });
}

test("all words of a search must be found, in any order, in name, file or version", () => {
  const names = (/** @type {string} */ query) =>
    catalog
      .items(HAS, "model")
      .filter((item) => matches(item, searchWords(query)))
      .map(({ file }) => file);
  assert.deepEqual(names("9 JUGGER"), ["juggernaut_9.ckpt"]);
  assert.deepEqual(names("sdxl jugger"), ["juggernaut_10.ckpt", "juggernaut_9.ckpt"]);
  assert.deepEqual(names("dev_ckpt"), []);
  assert.equal(names("  ").length, 4);
});

for (const { value, version, standing, file } of [
  { value: "", version: "", standing: "empty", file: undefined },
  { value: " None ", version: "", standing: "empty", file: undefined },
  { value: "ink_xl.ckpt", version: "sdxl_base_v0.9", standing: "found", file: "ink_xl.ckpt" },
  { value: "INK", version: "flux1", standing: "found", file: "ink_flux.ckpt" },
  { value: "ink_xl.ckpt", version: "flux1", standing: "unfit", file: "ink_xl.ckpt" },
  { value: "gone.ckpt", version: "", standing: "missing", file: undefined },
]) {
  test(`the LoRA ${JSON.stringify(value)} with ${version || "any model"} is ${standing}`, () => {
    const judged = catalog.judge(HAS, "lora", value, version);
    assert.equal(judged.standing, standing);
    assert.equal(judged.item?.file, file);
  });
}

test("of the official list only files that the server lacks are missing", () => {
  const official = /** @type {const} */ ({
    source: "official",
    models: [
      { file: "here.ckpt", name: "Here", present: true },
      { file: "away.ckpt", name: "Away", present: false },
      { file: "untold.ckpt", name: "Untold" },
    ],
  });
  const standing = (/** @type {string} */ value) =>
    catalog.judge(official, "model", value).standing;
  assert.equal(standing("here.ckpt"), "found");
  assert.equal(standing("away.ckpt"), "missing");
  assert.equal(standing("untold.ckpt"), "found");
  assert.equal(standing("own.ckpt"), "unknown");
  assert.equal(catalog.judge(null, "model", "own.ckpt").standing, "unknown");
});

test("empty text and None stand for nothing", () => {
  for (const value of ["", "  ", "None", "none", undefined, null]) {
    assert.ok(catalog.isNone(value), String(value));
  }
  assert.ok(!catalog.isNone("detail.ckpt"));
});

test("what a person specifies is known by file and name, in one object or several", () => {
  const ink = { file: "ink.ckpt", name: "Ink" };
  assert.ok(catalog.specifies(JSON.stringify(ink), " INK.ckpt"));
  assert.ok(catalog.specifies(JSON.stringify([{ file: "other.ckpt" }, ink]), "Ink"));
  for (const text of ["", undefined, "{", "[]", "null", "7", JSON.stringify(ink)]) {
    assert.ok(!catalog.specifies(text, "other.ckpt"), String(text));
  }
  assert.ok(!catalog.specifies('{"name": "Ink"}', "undefined"));
});

test("a version that is set counts before the catalogue's", () => {
  assert.equal(catalog.versionOf(HAS, "flux_dev.ckpt", "automatic"), "flux1");
  assert.equal(catalog.versionOf(HAS, "flux_dev.ckpt", "v1"), "v1");
  assert.equal(catalog.versionOf(HAS, "own.ckpt", "automatic"), "");
});
