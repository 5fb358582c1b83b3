// @ts-check
/** What follows a person's change is taken back with it; what a loaded graph changes is no step. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { asOneChange, debounceInChange } from "../../web/page/comfyui/change.js";

/** @typedef {import("../../web/comfyui.js").App} App */

/** @type {string[]} */
let told = [];
const made = {
  configuringGraph: false,
  extensionManager: {},
  canvas: {
    emitBeforeChange: () => told.push("before"),
    emitAfterChange: () => told.push("after"),
  },
};
const app = /** @type {App} */ (/** @type {unknown} */ (made));

/** @param {{isTrusted: boolean} | undefined} event what the page handles now */
function handle(event) {
  Object.assign(globalThis, { window: { event } });
}

beforeEach(() => {
  told = [];
  made.configuringGraph = false;
  handle(undefined);
});

test("what follows a change of ours ends before the change does", async () => {
  const follow = debounceInChange(app, () => told.push("follows"));
  asOneChange(app, () => {
    told.push("changes");
    follow();
    follow();
  });
  assert.deepEqual(told, ["before", "changes", "before", "after"]);
  await null;
  assert.deepEqual(told.slice(3), ["after", "follows", "after"]);
});

test("what follows what a person does with the page's own parts is a part of that", async () => {
  const follow = debounceInChange(app, () => told.push("follows"));
  handle({ isTrusted: true });
  follow();
  handle(undefined);
  await null;
  assert.deepEqual(told, ["before", "follows", "after"]);
});

test("nobody's change is no step, nor is one of a graph that is loaded", async () => {
  const follow = debounceInChange(app, () => told.push("follows"));
  handle({ isTrusted: false });
  follow();
  await null;
  handle({ isTrusted: true });
  made.configuringGraph = true;
  follow();
  await null;
  assert.deepEqual(told, ["follows", "follows"]);
});

test("a change ends even where what follows it fails", (context) => {
  /** @type {() => void} */
  let later = () => {};
  context.mock.method(globalThis, "queueMicrotask", (/** @type {() => void} */ work) => {
    later = work;
  });
  const follow = debounceInChange(app, () => {
    throw new Error("This fails.");
  });
  asOneChange(app, follow);
  assert.throws(later, /This fails/);
  assert.deepEqual(told, ["before", "before", "after", "after"]);
});
