// @ts-check
/** How long ago something was. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { relativeTime } from "../../web/lib/relative_time.js";

for (const [seconds, expected] of /** @type {[number, string][]} */ ([
  [0, "now"],
  [59, "now"],
  [61, "1 minute ago"],
  [7300, "2 hours ago"],
  [90000, "yesterday"],
])) {
  test(`${seconds} seconds are "${expected}"`, () =>
    assert.equal(relativeTime(seconds, "en"), expected));
}
