// @ts-check
/** Puts a button on a prompt that inserts an embedding's keyword where the cursor is. */

import { say } from "../../lib/words.js";
import { areaOnPage, setValue, widgetOf } from "../comfyui/nodes.js";
import { elementOf } from "../comfyui/vue_elements.js";
import { openChoice } from "./choice_popover.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/**
 * @param {App} app
 * @param {GraphNode} node
 */
export function addEmbeddingButton(app, node) {
  const prompt = widgetOf(node, "prompt");
  if (!prompt) return;
  const press = () => {
    const spot = { node, widget: prompt, owner: node, hosts: [] };
    const field = textField(app, node, prompt);
    const at = field ? [field.selectionStart, field.selectionEnd] : null;
    const beside =
      elementOf(app, node)?.getBoundingClientRect() ?? areaOnPage(app, node.pos, node.size);
    openChoice(app, "embedding", spot, beside, undefined, (row) => {
      const text = String(prompt.value ?? "");
      const [from, to] = at ?? [text.length, text.length];
      const space = from && !/\s$/.test(text.slice(0, from)) ? " " : "";
      setValue(app, node, prompt, text.slice(0, from) + space + row.value + text.slice(to));
    });
  };
  const button = node.addWidget("button", "embedding", null, press, { serialize: false });
  button.serialize = false;
  button.label = say("picker.embedding");
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {Widget} prompt
 * @returns {HTMLTextAreaElement | null}
 */
function textField(app, node, prompt) {
  const own = prompt.element ?? prompt.inputEl;
  if (own instanceof HTMLTextAreaElement && own.isConnected) return own;
  return elementOf(app, node)?.querySelector("textarea") ?? null;
}
