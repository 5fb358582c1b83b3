// @ts-check
/** Searches. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { highlight } from "../../web/lib/search.js";

test("what was found is marked, overlapping words once", () => {
  const pieces = highlight("Juggernaut", ["gern", "erna"]);
  assert.deepEqual(pieces, [
    { text: "Jug", found: false },
    { text: "gerna", found: true },
    { text: "ut", found: false },
  ]);
  assert.deepEqual(highlight("ﬁx", ["fi"]), [{ text: "ﬁx", found: false }]);
});
