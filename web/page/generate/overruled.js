// @ts-check
/** Tells which widgets of Generate are overruled by settings that are wired to it. */

import { winLabel } from "../../lib/overruled.js";
import { wiringOf } from "../../lib/wiring.js";
import { labelOf } from "../comfyui/nodes.js";
import { ask } from "../comfyui/routes.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 * @typedef {import("../../lib/overruled.js").Win} Win
 * @typedef {import("../../lib/overruled.js").Wins} Wins
 */

/** @type {WeakMap<GraphNode, {asked: string, wins: Wins}>} */
const answers = new WeakMap();

/** What an overruled widget was called before. */
/** @type {WeakMap<Widget, {label: string | undefined, shown: string}>} */
const labels = new WeakMap();

/**
 * Return which widgets of a Generate do not count, as far as that is known; where it is asked,
 * `changed` is called with the answer.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {import("../../lib/surroundings.js").Surroundings} seen
 * @param {() => void} changed
 * @returns {Wins}
 */
export function winsOf(app, node, seen, changed) {
  const wiring = wiringOf({ node, hosts: [] }, seen);
  if (!wiring.settings.length) {
    answers.delete(node);
    return {};
  }
  const asked = JSON.stringify(wiring);
  const before = answers.get(node);
  if (before?.asked === asked) return before.wins;
  const now = { asked, wins: before?.wins ?? {} };
  answers.set(node, now);
  const keep = (/** @type {Wins} */ wins) => {
    if (answers.get(node) !== now) return;
    now.wins = wins;
    changed();
  };
  // Without an answer nothing is dimmed: the widgets may count.
  ask(app.api, "configuration/overruled", wiring).then(
    ({ wins }) => keep(wins),
    () => keep({}),
  );
  return now.wins;
}

/**
 * Show beside a widget's name the value that counts instead of its own; return whether anything
 * changed.
 *
 * @param {Widget} widget
 * @param {Win | undefined} win undefined where its own counts
 */
export function showWin(widget, win) {
  const before = labels.get(widget);
  if (before && widget.label === before.shown) widget.label = before.label;
  const shown = win && winLabel(labelOf(widget), win);
  if (shown) {
    labels.set(widget, { label: widget.label, shown });
    widget.label = shown;
  } else labels.delete(widget);
  return before?.shown !== shown;
}
