// @ts-check
/** Presets on Generate: what is offered, and what is shown as chosen. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { mergedLoras } from "../../web/lib/configuration.js";
import {
  fileNameOf,
  negativeAfter,
  presetEntries,
  presetLabel,
  presetOf,
} from "../../web/lib/presets.js";

/**
 * @param {import("../../web/lib/presets.js").Offered["kind"]} kind
 * @param {string} name
 * @param {number} steps
 * @param {number} guidance
 */
const offer = (kind, name, steps, guidance) => ({
  ...{ kind, name, steps, guidance, model: "", loras: 0, negative_prompt: false },
});
const BEST = offer("recommended", "", 30, 4);
const FAST = offer("app", "with Lightning", 4, 1);
const OWN = offer("own", "Portraits", 30, 4);
const ALL = [BEST, FAST, OWN];
const SAVE = "+ save as a preset …";

test("what is recommended is shown as chosen where steps and guidance are its", () => {
  const { entries, chosen } = presetEntries(ALL, { steps: 30, guidance: 4 }, null);
  assert.equal(chosen, "★ recommended: 30 steps, guidance 4");
  assert.deepEqual(entries, [chosen, "with Lightning", "Portraits", SAVE]);
});

test("another model's settings are shown as such, with what to choose instead", () => {
  const { entries, chosen } = presetEntries(ALL, { steps: 8, guidance: 1 }, null);
  assert.equal(chosen, "other than recommended");
  assert.deepEqual(entries, [chosen, ...ALL.map(presetLabel), SAVE]);
  assert.equal(presetOf(ALL, chosen), null);
  assert.equal(presetOf(ALL, entries[1]), BEST);
});

test("the preset that was taken last stays chosen until its values are changed", () => {
  assert.equal(presetEntries(ALL, { steps: 30, guidance: 4 }, "Portraits").chosen, "Portraits");
  assert.equal(presetEntries(ALL, { steps: 4, guidance: 1 }, "with Lightning").chosen, "with Lightning");
  const changed = presetEntries(ALL, { steps: 5, guidance: 1 }, "with Lightning");
  assert.equal(changed.chosen, "other than recommended");
});

test("without a known model there are one's own presets to choose from", () => {
  const { entries, chosen } = presetEntries([OWN], { steps: 8, guidance: 1 }, null);
  assert.deepEqual(entries, [chosen, "Portraits", SAVE]);
});

test("a preset replaces the app's other LoRAs, and one's own preset replaces all", () => {
  const lora = (/** @type {string} */ file) => ({ file, weight: 1, mode: "all" });
  const before = [lora("ink"), lora("lightning_4"), lora("lightning_8")];
  const files = (/** @type {{file: string}[]} */ loras) => loras.map(({ file }) => file);
  const drops = ["lightning_4", "lightning_8"];
  assert.deepEqual(files(mergedLoras(before, [lora("lightning_4")], drops)), ["ink", "lightning_4"]);
  assert.deepEqual(files(mergedLoras(before, [], drops)), ["ink"]);
  assert.deepEqual(files(mergedLoras(before, [lora("b")], null)), ["b"]);
});

test("a preset without a negative prompt takes another preset's away, and leaves one's own", () => {
  const stale = ["low quality", "worst quality, blurry"];
  assert.equal(negativeAfter({ negative_prompt: "fog", stale }, "low quality"), "fog");
  assert.equal(negativeAfter({ negative_prompt: "", stale }, " low quality\n"), "");
  assert.equal(negativeAfter({ negative_prompt: "", stale }, "low quality, hands"), "low quality, hands");
  assert.equal(negativeAfter({}, "low quality"), "low quality"); // a configuration says none
});

test("a preset's file has a name that every system takes", () => {
  assert.equal(fileNameOf('../Mein "Porträt": 2'), "Mein_Porträt_2.json");
  assert.equal(fileNameOf("夜/景"), "夜景.json");
  assert.equal(fileNameOf("***"), "preset.json");
});
