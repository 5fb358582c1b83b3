// @ts-check
/**
 * Gives the page a widget's choices, so that it shows a list of its own wherever it shows the
 * widget: on nodes that Vue draws, in the panel at the side, in App mode, outside of subgraphs.
 */

import { say } from "../../lib/words.js";
import { renew } from "./widgets.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/**
 * A value and what it is called.
 *
 * @typedef {{value: string, label: string}} Choice
 */

/** @type {WeakMap<Widget, string>} what the page was told last */
const told = new WeakMap();

/**
 * Have the page show a text widget as a list of choices. Its value stays what it is and where it
 * is; any other is a choice as well. Frontend 1.27 keeps the text field: its lists never change.
 *
 * @param {App} app
 * @param {Widget} widget
 * @param {() => readonly Choice[]} choices the value that it holds among them
 */
export function offerChoices(app, widget, choices) {
  if (app.rootGraph === undefined) return;
  const values = {
    configurable: true,
    enumerable: true,
    get: () => choices().map(({ value }) => value),
    set: () => {},
  };
  const label = (/** @type {unknown} */ value) =>
    choices().find((one) => one.value === value)?.label ?? String(value ?? "");
  // What stands there for the empty text, which most frontends take for no choice at all.
  const placeholder = {
    configurable: true,
    enumerable: true,
    get: () => label(""),
  };
  try {
    if (widget.type !== "combo") widget.type = "combo";
    // Read when it is wanted: the page looks here for missing files while it loads a graph, and
    // empties lists of those that it knows no choices of when a person asks it to look again.
    Object.defineProperties(widget.options, { values, placeholder });
    widget.options["getOptionLabel"] = label;
    widget.options["optionLabel"] = label; // so called in frontends 1.36 and 1.42
    widget.options["filterPlaceholder"] = say("picker.search");
  } catch {
    // What a subgraph shows outside may be fixed: it has copied what there was to choose from.
  }
}

/**
 * Have the page read the choices of a widget again if they are others now.
 *
 * @param {GraphNode} node
 * @param {Widget} widget
 * @param {readonly Choice[]} choices
 */
export function updateChoices(node, widget, choices) {
  const now = JSON.stringify(choices.map(({ value, label }) => [value, label]));
  if (told.get(widget) === now) return;
  told.set(widget, now);
  renew(node, [widget]);
}
