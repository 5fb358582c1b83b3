// @ts-check
/** Puts the app's configuration, as it lies in the clipboard, into the graph. */

import { looksLikeConfiguration } from "../../lib/configuration.js";
import { say } from "../../lib/words.js";
import { readClipboard } from "../parts/clipboard.js";
import { openDialog } from "../parts/dialog.js";
import { button, element } from "../parts/elements.js";
import { problemBox } from "../parts/problem_box.js";
import { applyConfiguration } from "./apply.js";
import { isImportWired, wireImport } from "./import_node.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

/** A configuration that sets nothing: a text without any key would be refused. */
const NOTHING = '{"id": 0}';

/**
 * Take the clipboard's configuration over; ask for a text where the clipboard has none.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
export async function paste(app, node) {
  const text = await readClipboard();
  if (text !== null && looksLikeConfiguration(text)) {
    try {
      offerImport(app, await applyConfiguration(app, node, text));
      return;
    } catch (error) {
      askForText(app, node, text, error);
      return;
    }
  }
  askForText(app, node, "", null);
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {string} text
 * @param {unknown} problem null if there is none yet
 */
function askForText(app, node, text, problem) {
  const field = element("textarea", {
    rows: 12,
    spellcheck: "false",
    data: { field: "configuration" },
  });
  field.value = text;
  const trouble = element("div", { "aria-live": "polite" }, problem ? problemBox(problem) : null);
  const apply = async (/** @type {() => void} */ close) => {
    try {
      const left = await applyConfiguration(app, node, field.value);
      close();
      offerImport(app, left);
    } catch (error) {
      trouble.replaceChildren(problemBox(error));
      field.focus();
    }
  };
  openDialog({
    title: say("configuration.paste"),
    name: "paste-configuration",
    content: () => [element("p", {}, say("configuration.here")), field, trouble],
    actions: (close) => [
      button(say("dialog.cancel"), close, { action: "cancel" }),
      button(say("configuration.take"), () => apply(close), { kind: "main", action: "take" }),
    ],
  });
  field.focus();
}

/**
 * Offer a node for the settings that Generate has no widget for; one that is there is filled.
 *
 * @param {App} app
 * @param {import("./apply.js").Left | null} left
 */
export function offerImport(app, left) {
  if (!left) return;
  const { generate, rest, text } = left;
  const apart = /** @type {const} */ (["loras", "controls"]).filter((name) => rest.includes(name));
  const add = () => wireImport(app, generate, text || NOTHING, apart);
  if (isImportWired(generate)) {
    add(); // also where nothing is left: what it held would go on to win
    return;
  }
  if (!text) return;
  openDialog({
    title: say("configuration.rest.title"),
    name: "rest",
    content: () => [element("p", {}, say("configuration.rest", { names: rest.join(", ") }))],
    actions: (close) => [
      button(say("configuration.rest.leave"), close, { action: "leave" }),
      button(
        say("configuration.rest.add"),
        () => {
          add();
          close();
        },
        { kind: "main", action: "add" },
      ),
    ],
  });
}
