// @ts-check
/** What is said of widgets that settings from other nodes overrule. */

import { AUTOMATIC_VERSION as AUTOMATIC } from "./facts.js";
import { say } from "./words.js";

/**
 * What counts in the place of a widget's value; null where only a run knows it. `by` is the node
 * that says so.
 *
 * @typedef {{value: unknown, by: string}} Win
 * @typedef {Readonly<Record<string, Win>>} Wins by widget
 */

const DIGITS = 3;

/**
 * Return what counts in the place of a widget's value, as people read it.
 *
 * @param {Win} win
 */
export function winText({ value }) {
  if (value === null || value === undefined) return "…";
  if (value === AUTOMATIC) return say("overruled.automatic");
  return typeof value === "number" ? String(Number(value.toFixed(DIGITS))) : String(value);
}

/**
 * Return the label of a widget with the value that counts.
 *
 * @param {string} label
 * @param {Win} win
 */
export function winLabel(label, win) {
  return `${label} → ${winText(win)}`;
}

/**
 * Return a sentence on why a widget does not count.
 *
 * @param {Win} win
 */
export function winNote(win) {
  if (win.value === null || win.value === undefined) return say("overruled.unknown", { by: win.by });
  return say("overruled.note", { value: winText(win), by: win.by });
}
