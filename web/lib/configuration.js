// @ts-check
/** What a configuration of the app changes in a graph, told before and after it is done. */

import { isNone } from "./catalog.js";
import { DEFAULT_LORA_MODE } from "./facts.js";

/**
 * What /drawbridge/configuration/read answers.
 *
 * @typedef {object} Configuration
 * @property {Readonly<Record<string, unknown>>} widgets of Generate
 * @property {string} model
 * @property {readonly Lora[]} loras
 * @property {readonly string[]} rest names of the settings that Generate has no widget for
 * @property {string} rest_text the configuration of those alone
 * @property {readonly string[]} warnings
 *
 * @typedef {{file: string, weight: number, mode: string}} Lora
 */

/**
 * Say whether a text may be a configuration, so that it needs no question.
 *
 * @param {string} text
 */
export function looksLikeConfiguration(text) {
  return /^\s*[{[]/.test(text) && text.includes(":");
}

/**
 * Part values into those that can be put into widgets and those whose widget is linked or missing.
 *
 * @param {Readonly<Record<string, unknown>>} values by widget
 * @param {ReadonlySet<string>} present names of widgets
 * @param {ReadonlySet<string>} linked names of widgets that get their value from a link
 * @returns {{taken: [string, unknown][], left: string[]}}
 */
export function partition(values, present, linked) {
  /** @type {[string, unknown][]} */
  const taken = [];
  /** @type {string[]} */
  const left = [];
  for (const [name, value] of Object.entries(values)) {
    if (present.has(name) && !linked.has(name)) taken.push([name, value]);
    else left.push(name);
  }
  return { taken, left };
}

/**
 * Return what a LoRA Stack's rows are to hold; rows that no LoRA is for are emptied.
 *
 * @param {readonly Lora[]} loras
 * @param {number} rows
 * @returns {{values: [string, string | number][], left: string[]}} `left`: files without a row
 */
export function loraRows(loras, rows) {
  /** @type {[string, string | number][]} */
  const values = [];
  for (let row = 1; row <= rows; row++) {
    const lora = loras[row - 1];
    values.push([`lora_${row}`, lora?.file ?? ""]);
    if (lora) values.push([`weight_${row}`, lora.weight], [`mode_${row}`, lora.mode]);
  }
  return { values, left: loras.slice(rows).map(({ file }) => file) };
}

/**
 * Return the LoRAs that a stack's rows name.
 *
 * @param {(name: string) => unknown} value of a widget
 * @param {number} rows
 * @returns {Lora[]}
 */
export function lorasOf(value, rows) {
  /** @type {Lora[]} */
  const loras = [];
  for (let row = 1; row <= rows; row++) {
    const file = String(value(`lora_${row}`) ?? "").trim();
    const weight = Number(value(`weight_${row}`));
    if (isNone(file) || !weight) continue;
    loras.push({ file, weight, mode: String(value(`mode_${row}`) ?? DEFAULT_LORA_MODE) });
  }
  return loras;
}
