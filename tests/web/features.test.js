// @ts-check
/** One extension out of many features. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { combine } from "../../web/lib/features.js";

/** @typedef {import("../../web/lib/features.js").Feature} Feature */

const node = /** @type {import("../../web/comfyui.js").GraphNode} */ ({});

test("lists are joined in the order of the features", () => {
  const command = (/** @type {string} */ id) => ({ id, label: id, function: () => {} });
  const { commands } = combine([{ commands: [command("a")] }, {}, { commands: [command("b")] }]);
  assert.deepEqual(
    commands?.map(({ id }) => id),
    ["a", "b"],
  );
});

test("menu entries of all features are offered, also where one feature fails", () => {
  /** @type {unknown[]} */
  const reports = [];
  const { getNodeMenuItems } = combine(
    [
      { getNodeMenuItems: () => [{ content: "a" }] },
      {
        getNodeMenuItems: () => {
          throw new Error("broken");
        },
      },
      { getNodeMenuItems: () => [null, { content: "b" }] },
    ],
    (hook, error) => reports.push([hook, String(error)]),
  );
  assert.deepEqual(getNodeMenuItems?.(node), [{ content: "a" }, null, { content: "b" }]);
  assert.deepEqual(reports, [["getNodeMenuItems", "Error: broken"]]);
});

test("a hook waits for every feature, also where one fails later", async () => {
  /** @type {string[]} */
  const done = [];
  /** @type {unknown[]} */
  const reports = [];
  /** @type {Feature[]} */
  const features = [
    { setup: async () => void done.push("a") },
    { setup: () => Promise.reject(new Error("broken")) },
    { setup: async () => void (await Promise.resolve(), done.push("b")) },
  ];
  const app = /** @type {import("../../web/comfyui.js").App} */ ({});
  await combine(features, (hook, error) => reports.push([hook, String(error)])).setup?.(app);
  assert.deepEqual(done, ["a", "b"]);
  assert.deepEqual(reports, [["setup", "Error: broken"]]);
});
