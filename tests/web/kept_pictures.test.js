// @ts-check
/** A node's picture is remembered by its graph and its place, as long as there is room. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { picturesOf, rememberPicture } from "../../web/lib/kept_pictures.js";

/** @param {string | null} text */
function storage(text = null) {
  return {
    text,
    getItem() {
      return this.text;
    },
    /**
     * @param {string} _
     * @param {string} value
     */
    setItem(_, value) {
      this.text = value;
    },
  };
}

test("each graph has its own, and a node its last", () => {
  const store = storage();
  rememberPicture(store, "one", "3", "a.jpg");
  rememberPicture(store, "other", "3", "b.jpg");
  rememberPicture(store, "one", "5:3", "c.jpg");
  rememberPicture(store, "one", "3", "d.jpg");
  assert.deepEqual(Object.fromEntries(picturesOf(store, "one")), { 3: "d.jpg", "5:3": "c.jpg" });
  assert.deepEqual(Object.fromEntries(picturesOf(store, "other")), { 3: "b.jpg" });
  assert.equal(picturesOf(store, "third").size, 0);
});

test("the oldest are forgotten", () => {
  const store = storage();
  for (let node = 0; node < 100; node++) rememberPicture(store, "one", `${node}`, "a.jpg");
  const nodes = [...picturesOf(store, "one").keys()];
  assert.equal(nodes.length, 64);
  assert.deepEqual([nodes[0], nodes.at(-1)], ["36", "99"]);
});

test("what is damaged or forbidden counts for nothing", () => {
  for (const text of ["{", "7", '[["one"]]', "null"]) {
    assert.equal(picturesOf(storage(text), "one").size, 0);
  }
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error("QuotaExceededError");
    },
  };
  rememberPicture(full, "one", "3", "a.jpg");
});
