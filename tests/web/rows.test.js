// @ts-check
/** How many rows are shown, and which slots that leaves. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { heightAfter, rowsToShow, slotsToShow } from "../../web/lib/rows.js";

test("as many rows are shown as are used, and one more", () => {
  assert.equal(rowsToShow([false, false, false]), 1);
  assert.equal(rowsToShow([true, false, false, false]), 2);
  assert.equal(rowsToShow([true, true, true]), 3);
});

test("a row that is empty between others stays", () => {
  assert.equal(rowsToShow([false, false, true, false, false]), 4);
});

test("what a person has added to a node's height is kept", () => {
  assert.equal(heightAfter(130, 100, 172), 202);
  assert.equal(heightAfter(202, 172, 100), 130);
});

test("a node is never lower than its rows", () => {
  assert.equal(heightAfter(90, 100, 72), 72);
  assert.equal(heightAfter(60, 100, 90), 90);
});

const DEFINED = ["controls", "image_1", "image_2", "image_3", "weight_1"];
const HIDDEN = new Set(["image_2", "image_3"]);

test("slots that are not needed are left out", () => {
  const shown = slotsToShow(DEFINED, HIDDEN, new Set(["image_1"]));
  assert.deepEqual(shown, ["controls", "image_1", "weight_1"]);
});

test("a slot with a link is never left out", () => {
  const shown = slotsToShow(DEFINED, HIDDEN, new Set(["image_2"]));
  assert.deepEqual(shown, ["controls", "image_1", "image_2", "weight_1"]);
});

test("all slots are there where one behind them is linked", () => {
  assert.deepEqual(slotsToShow(DEFINED, HIDDEN, new Set(["weight_1"])), DEFINED);
});
