// @ts-check
/** What the page's own lists are told, in every kind of frontend; and rows that come and go there. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { offerChoices, updateChoices } from "../../web/page/comfyui/page_list.js";
import { setHidden } from "../../web/page/comfyui/widgets.js";

/** @typedef {import("../../web/comfyui.js").App} App */
/** @typedef {import("../../web/comfyui.js").GraphNode} GraphNode */
/** @typedef {import("../../web/comfyui.js").Widget} Widget */

const NEW = /** @type {App} */ (/** @type {unknown} */ ({ rootGraph: {} }));
const OLD = /** @type {App} */ (/** @type {unknown} */ ({}));

/**
 * A widget as a kind of frontend makes it, with what the page hears of it.
 *
 * @param {object} more
 */
function made(more = {}) {
  /** @type {string[]} */
  const heard = [];
  const widget = { name: "model", type: "text", value: "b", options: {}, ...more };
  let disabled = false;
  Object.defineProperty(widget, "disabled", {
    get: () => disabled,
    set: (value) => {
      heard.push(`disabled ${value}`);
      disabled = value;
    },
  });
  const widgets = [widget];
  const node = {
    get widgets() {
      return widgets;
    },
    set widgets(value) {
      heard.push(`widgets ${value.length}`);
    },
  };
  return {
    heard,
    widget: /** @type {Widget} */ (/** @type {unknown} */ (widget)),
    node: /** @type {GraphNode} */ (/** @type {unknown} */ (node)),
  };
}

test("a list is read when it is wanted, and cannot be emptied", () => {
  const { widget } = made();
  let choices = [{ value: "b", label: "B" }];
  offerChoices(NEW, widget, () => choices);
  assert.equal(widget.type, "combo");
  assert.deepEqual(widget.options.values, ["b"]);
  choices = [...choices, { value: "c", label: "C" }];
  widget.options.values = [];
  assert.deepEqual(widget.options.values, ["b", "c"]);
  const label = /** @type {(value: string) => string} */ (widget.options["getOptionLabel"]);
  assert.deepEqual(["c", "typed"].map(label), ["C", "typed"]);
  assert.equal(widget.value, "b");
});

test("the first Vue rendering keeps its text field", () => {
  const { widget } = made();
  offerChoices(OLD, widget, () => []);
  assert.equal(widget.type, "text");
  assert.deepEqual(widget.options, {});
});

test("what a subgraph shows outside may be fixed", () => {
  const { widget } = made({ type: "combo", options: Object.freeze({ values: ["b"] }) });
  offerChoices(NEW, widget, () => []);
  assert.deepEqual(widget.options.values, ["b"]);
});

test("the page reads a list again only where it is another one", () => {
  const { heard, node, widget } = made();
  const choices = [{ value: "b", label: "B" }];
  updateChoices(node, widget, choices);
  assert.deepEqual(heard, ["disabled true", "disabled false", "widgets 1"]);
  updateChoices(node, widget, [...choices]);
  assert.equal(heard.length, 3);
  updateChoices(node, widget, [{ value: "b", label: "other" }]);
  assert.equal(heard.length, 6);
  assert.equal(widget.disabled, false);
});

test("newer pages are given other options, which read anew just as well", () => {
  const { heard, node, widget } = made({ visibility: {} });
  offerChoices(NEW, widget, () => [{ value: "b", label: "B" }]);
  const { options } = widget;
  updateChoices(node, widget, [{ value: "b", label: "B" }]);
  assert.notEqual(widget.options, options);
  assert.ok(Object.getOwnPropertyDescriptor(widget.options, "values")?.get);
  assert.deepEqual(heard, []);
});

test("a hidden widget takes no room where the page does not see to it", () => {
  const { heard, node, widget } = made();
  assert.ok(setHidden(node, widget, true));
  assert.deepEqual([widget.hidden, widget.options.hidden], [true, true]);
  assert.deepEqual(widget.computeSize?.(200), [0, -4]);
  assert.equal(heard.length, 3);
  assert.ok(!setHidden(node, widget, true));
  assert.ok(setHidden(node, widget, false));
  assert.deepEqual([widget.hidden, widget.options.hidden], [false, false]);
  assert.equal(widget.computeSize, undefined);

  const newer = made({ visibility: {} });
  assert.ok(setHidden(newer.node, newer.widget, true));
  assert.equal(newer.widget.computeSize, undefined);
});
