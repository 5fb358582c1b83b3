// @ts-check
/** What a configuration of the app changes in a graph, told before and after it is done. */

import { isNone } from "./catalog.js";

/**
 * What /drawbridge/configuration/read answers.
 *
 * @typedef {object} Configuration
 * @property {Readonly<Record<string, unknown>>} widgets of Generate
 * @property {string} model
 * @property {string} [version] of the model that it is for, "" if unknown
 * @property {readonly Lora[]} loras
 * @property {readonly string[]} rest names of the settings that Generate has no widget for
 * @property {string} rest_text the configuration of those alone
 * @property {string} [kept_text] the configuration of what has no effect, for a copy
 * @property {readonly string[] | null} [drops] LoRAs that a preset replaces; null for all
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
  // Alone, written as a text of JSON, or in the fences of a chat.
  return /^\s*(```\w*\s*|"\s*)?[{[]/.test(text) && text.includes(":");
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
 * @returns {{values: [string, string | number][], placed: Lora[], left: Lora[]}} `left`: without a
 *   row, or switched off by a weight of 0, which a row cannot say
 */
export function loraRows(loras, rows) {
  const placed = loras.filter(({ weight }) => weight).slice(0, rows);
  /** @type {[string, string | number][]} */
  const values = [];
  for (let row = 1; row <= rows; row++) {
    const lora = placed[row - 1];
    values.push([`lora_${row}`, lora?.file ?? ""]);
    if (lora) values.push([`weight_${row}`, lora.weight], [`mode_${row}`, lora.mode]);
  }
  return { values, placed, left: loras.filter((lora) => !placed.includes(lora)) };
}

/**
 * Return what an Import Configuration node is to hold besides: the rest, and LoRAs without a row.
 *
 * @param {Configuration} found
 * @param {readonly Lora[]} loras
 * @returns {{rest: string[], text: string}} names of settings, and the configuration, "" for none
 */
export function restOf({ rest, rest_text }, loras) {
  if (!loras.length) return { rest: [...rest], text: rest_text };
  const said = { ...(rest_text ? JSON.parse(rest_text) : {}), loras };
  return { rest: [...rest, "loras"], text: JSON.stringify(said, null, 2) };
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
    if (isNone(file)) continue;
    const [weight, mode] = [Number(value(`weight_${row}`)), String(value(`mode_${row}`))];
    loras.push({ file, weight, mode });
  }
  return loras;
}

/**
 * Return the LoRAs of a stack after a preset was taken: those that it does not replace, and its own.
 *
 * @param {readonly Lora[]} before
 * @param {readonly Lora[]} loras of the preset
 * @param {readonly string[] | null | undefined} drops files that it replaces; null for all
 * @returns {Lora[]}
 */
export function mergedLoras(before, loras, drops) {
  if (!drops) return [...loras];
  const gone = new Set([...drops, ...loras.map(({ file }) => file)]);
  return [...before.filter(({ file }) => !gone.has(file)), ...loras];
}
