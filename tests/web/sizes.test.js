// @ts-check
/** Sizes as a list's entries. */

import assert from "node:assert/strict";
import { test } from "node:test";

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
