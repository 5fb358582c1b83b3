// @ts-check
/** Every type of socket has a colour, wherever a frontend looks for one. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { SLOT_COLORS, colorSlots } from "../../web/page/comfyui/slot_colors.js";

/** @param {Record<string, string>} known */
function styleWith(known) {
  return {
    known,
    getPropertyValue: (/** @type {string} */ name) => known[name] ?? "",
    setProperty: (/** @type {string} */ name, /** @type {string | null} */ value) => {
      known[name] = value ?? "";
    },
  };
}

test("the types are those that the nodes declare, no two of one colour", () => {
  const sockets = readFileSync(new URL("../../nodes/sockets.py", import.meta.url), "utf8");
  const declared = [...sockets.matchAll(/"(DRAWBRIDGE_\w+)"/g)].map(([, type]) => type);
  assert.deepEqual(Object.keys(SLOT_COLORS).sort(), declared.sort());
  assert.equal(new Set(Object.values(SLOT_COLORS)).size, declared.length);
});

test("canvas and Vue get them, and a palette that names our types keeps its own", () => {
  const style = styleWith({ "--color-datatype-DRAWBRIDGE_MODEL": "red" });
  const slots = { IMAGE: "blue", DRAWBRIDGE_LORAS: "black" };
  /** @type {Record<string, string>} */
  const links = {};
  colorSlots(style, [slots, links, undefined]);
  assert.equal(style.known["--color-datatype-DRAWBRIDGE_MODEL"], "red");
  assert.equal(style.known["--color-datatype-DRAWBRIDGE_LORAS"], SLOT_COLORS.DRAWBRIDGE_LORAS);
  assert.deepEqual(slots, { ...SLOT_COLORS, IMAGE: "blue", DRAWBRIDGE_LORAS: "black" });
  assert.deepEqual(links, { ...SLOT_COLORS });
});
