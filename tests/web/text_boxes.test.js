// @ts-check
/** An empty box shows the name that people read, as every other field does. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { nameBoxes } from "../../web/page/comfyui/text_boxes.js";

class Box {
  /** @param {string} placeholder */
  constructor(placeholder) {
    this.placeholder = placeholder;
  }
}

test("boxes are called as their widgets are, in any language; what else they say stays", (t) => {
  const known = globalThis.HTMLTextAreaElement;
  t.after(() => Object.assign(globalThis, { HTMLTextAreaElement: known }));
  Object.assign(globalThis, { HTMLTextAreaElement: Box });
  const widget = (/** @type {string} */ name, /** @type {object} */ more) => ({
    ...{ name, options: {}, element: new Box(name) },
    ...more,
  });
  const widgets = [
    widget("negative_prompt", { label: "negative prompt" }),
    widget("prompt", { label: "提示词" }),
    widget("names", {}),
    widget("prompts", { label: "prompts", element: new Box("one in each line") }),
    { name: "width", options: {} },
  ];
  nameBoxes(/** @type {any} */ ({ widgets }));
  const shown = widgets.map((one) => ("element" in one ? one.element : undefined));
  assert.deepEqual(
    shown.map((one) => /** @type {Box | undefined} */ (one)?.placeholder),
    ["negative prompt", "提示词", "names", "one in each line", undefined],
  );
  const names = widgets.map(({ options }) => /** @type {any} */ (options)["aria-label"]);
  assert.deepEqual(names, ["negative_prompt", "prompt", "names", "prompts", undefined]);
});
