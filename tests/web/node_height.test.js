// @ts-check
/** A node keeps what a person has added to its height, however often its graph is opened. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { changeHeight, onNewNode, rememberHeight } from "../../web/page/comfyui/node_height.js";

/**
 * @typedef {import("../../web/comfyui.js").App} App
 * @typedef {import("../../web/comfyui.js").GraphNode} GraphNode
 */

const WHOLE = 300;
const PART = 24;

/** A node of which one part can be hidden; it is created with the room for all parts. */
function makeNode() {
  const made = {
    hidden: false,
    size: [330, WHOLE],
    computeSize: () => [330, made.hidden ? WHOLE - PART : WHOLE],
    setSize: (/** @type {number[]} */ size) => {
      made.size = size;
    },
    setDirtyCanvas: () => {},
    /** @type {((saved: unknown) => void) | undefined} */
    onConfigure: undefined,
    /** @param {number} height */
    open(height) {
      made.size = [330, Math.max(height, WHOLE)];
      made.onConfigure?.({ size: [330, height] });
    },
  };
  const node = /** @type {GraphNode} */ (/** @type {unknown} */ (made));
  rememberHeight(node);
  const show = (/** @type {boolean} */ shown) =>
    changeHeight(node, () => {
      const changed = made.hidden === shown;
      made.hidden = !shown;
      return changed;
    });
  return { made, show };
}

test("a new node is as high as what it shows", () => {
  const { made, show } = makeNode();
  show(false);
  assert.equal(made.size[1], WHOLE - PART);
  show(true);
  assert.equal(made.size[1], WHOLE);
});

for (const height of [WHOLE - PART, WHOLE + 100]) {
  test(`a height of ${height} stays the same each time a graph is opened`, () => {
    let saved = height;
    for (let times = 0; times < 3; times++) {
      const { made, show } = makeNode();
      made.open(saved);
      show(false);
      saved = Number(made.size[1]);
    }
    assert.equal(saved, height);
  });
}

test("what was added stays where parts come and go later, and no change is none", () => {
  const { made, show } = makeNode();
  made.open(WHOLE + 100);
  show(false);
  show(true);
  assert.equal(made.size[1], WHOLE + 100 + PART);
  show(true);
  assert.equal(made.size[1], WHOLE + 100 + PART);
});

test("only a new node that a person adds is new", () => {
  const app = /** @type {App} */ (/** @type {unknown} */ ({ configuringGraph: false }));
  const told = (/** @type {{loading?: boolean, copy?: boolean}} */ { loading, copy }) => {
    const { made } = makeNode();
    const node = /** @type {GraphNode} */ (/** @type {unknown} */ (made));
    let times = 0;
    onNewNode(app, node, () => times++);
    app.configuringGraph = !!loading;
    if (copy) made.open(WHOLE);
    node.onAdded?.(/** @type {import("../../web/comfyui.js").Graph} */ ({}));
    return times;
  };
  assert.equal(told({}), 1);
  assert.equal(told({ loading: true }), 0);
  assert.equal(told({ copy: true }), 0);
});
