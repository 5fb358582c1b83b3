// @ts-check
/** Puts the configuration of a graph into the clipboard, as the app reads it. */

import { lorasOf } from "../../lib/configuration.js";
import { CONFIGURATION_WIDGETS, LORA_ROWS } from "../../lib/facts.js";
import { generateOf, loraStacksOf } from "../../lib/graph.js";
import { valueOf } from "../../lib/values.js";
import { say } from "../../lib/words.js";
import { widgetOf } from "../comfyui/nodes.js";
import { ask } from "../comfyui/routes.js";
import { toast, toastError } from "../comfyui/toast.js";
import { writeClipboard } from "../parts/clipboard.js";
import { openDialog } from "../parts/dialog.js";
import { element } from "../parts/elements.js";
import { surroundingsOf } from "../state/surroundings.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../lib/links.js").Place} Place
 */

/**
 * Put the widgets around a node together to the app's text, and into the clipboard.
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
  const { model, version } = surroundingsOf(app, generate.node, generate.hosts);
  // What only a run knows is told as it is shown.
  const valueAt = (/** @type {Place} */ place) => (/** @type {string} */ name) =>
    valueOf(place, name).value ?? widgetOf(place.node, name)?.value;
  const widgets = Object.fromEntries(
    CONFIGURATION_WIDGETS.map((name) => [name, valueAt(generate)(name)]),
  );
  const loras = loraStacksOf(generate).flatMap((stack) => lorasOf(valueAt(stack), LORA_ROWS));
  try {
    const { text } = await ask(app.api, "configuration/write", { widgets, model, version, loras });
    if (await writeClipboard(text)) {
      toast(app, "success", say("configuration.copied"), say("configuration.copied.next"));
    } else {
      showText(text);
    }
  } catch (error) {
    toastError(app, error);
  }
}

/** @param {string} text */
function showText(text) {
  const field = element("textarea", { rows: 14, readonly: true, data: { field: "configuration" } });
  field.value = text;
  openDialog({
    title: say("configuration.copy"),
    name: "copy-configuration",
    content: () => [element("p", {}, say("configuration.there")), field],
  });
  field.focus();
  field.select();
  field.scrollTop = 0;
}
