// @ts-check
/** Puts the configuration of a graph into the clipboard, as the app reads it. */

import { generateOf } from "../../lib/graph.js";
import { wiringOf } from "../../lib/wiring.js";
import { say } from "../../lib/words.js";
import { ask } from "../comfyui/routes.js";
import { toast, toastError } from "../comfyui/toast.js";
import { writeClipboard } from "../parts/clipboard.js";
import { openDialog } from "../parts/dialog.js";
import { element } from "../parts/elements.js";
import { surroundingsOf } from "../state/surroundings.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

/**
 * Put what is wired around a node together to the app's text, and into the clipboard.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
export async function copy(app, node) {
  const generate = generateOf(node);
  if (!generate) {
    toast(app, "warn", say("configuration.nothing"), say("configuration.wire"));
    return;
  }
  const seen = surroundingsOf(app, generate.node, generate.hosts);
  try {
    const told = await ask(app.api, "configuration/write", wiringOf(generate, seen));
    const doubts = doubtsOf(told);
    if (!(await writeClipboard(told.text))) {
      showText(told.text, doubts);
      return;
    }
    const next = [say("configuration.copied.next"), ...doubts].join("\n");
    toast(app, doubts.length ? "warn" : "success", say("configuration.copied"), next);
  } catch (error) {
    toastError(app, error);
  }
}

/**
 * Return sentences about what may be otherwise when the graph runs.
 *
 * @param {{unknown: readonly string[], notes: readonly string[]}} told
 * @returns {string[]}
 */
function doubtsOf({ unknown, notes }) {
  return [
    ...(unknown.length ? [say("configuration.unknown", { names: unknown.join(", ") })] : []),
    ...notes,
  ];
}

/**
 * @param {string} text
 * @param {readonly string[]} doubts
 */
function showText(text, doubts) {
  const field = element("textarea", { rows: 14, readonly: true, data: { field: "configuration" } });
  field.value = text;
  openDialog({
    title: say("configuration.copy"),
    name: "copy-configuration",
    content: () => [
      element("p", {}, say("configuration.there")),
      ...doubts.map((words) => element("p", {}, words)),
      field,
    ],
  });
  field.focus();
  field.select();
  field.scrollTop = 0;
}
