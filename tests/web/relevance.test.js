// @ts-check
/** Widgets that a model does not read. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { unreadWidgets } from "../../web/lib/relevance.js";

const VERSIONS = {
  versions: {
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
  assert.deepEqual([...unreadWidgets(NAMES, "v1", false, VERSIONS)], ["tea_cache", "num_frames"]);
  assert.deepEqual(
    [...unreadWidgets(NAMES, "flux1", false, VERSIONS)],
    ["negative_prompt", "num_frames"],
  );
});

test("nothing is unread as long as the version or the table of versions is unknown", () => {
  assert.equal(unreadWidgets(NAMES, "", false, VERSIONS).size, 0);
  assert.equal(unreadWidgets(NAMES, "brand_new", false, VERSIONS).size, 0);
  assert.equal(unreadWidgets(NAMES, "v1", false, null).size, 0);
});

test("a refiner reads fields of its own", () => {
  assert.equal(unreadWidgets(["aesthetic_score"], "sdxl", false, VERSIONS).size, 1);
  assert.equal(unreadWidgets(["aesthetic_score"], "sdxl", true, VERSIONS).size, 0);
});
