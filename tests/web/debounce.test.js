// @ts-check
/** Many calls are one. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { debounce } from "../../web/lib/debounce.js";

test("work is done once, after all that runs now, and again for later calls", async () => {
  let count = 0;
  const work = debounce(() => (count += 1));
  work();
  work();
  assert.equal(count, 0);
  await null;
  assert.equal(count, 1);
  work();
  await null;
  assert.equal(count, 2);
});
