// @ts-check
/** Errors as people are told of them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem, asProblem } from "../../web/lib/problem.js";
import { say } from "../../web/lib/words.js";

test("a problem stays as it is", () => {
  const problem = new Problem({ problem: "No.", remedy: "Try.", kind: "Unreachable" });
  assert.equal(asProblem(problem), problem);
  assert.equal(problem.message, "No. Try.");
  assert.equal(problem.kind, "Unreachable");
});

test("what nobody has foreseen is told with what it was", () => {
  const { problem, remedy, kind } = asProblem(new TypeError("x is undefined"));
  assert.match(problem, /x is undefined/);
  assert.equal(remedy, say("routes.report"));
  assert.equal(kind, "");
});
