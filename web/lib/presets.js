// @ts-check
/** The list of presets on Generate: what it offers, and what is chosen. */

import { say } from "./words.js";

/**
 * A preset that goes with a model, as /drawbridge/presets/list tells of it; what the app recommends
 * has no name.
 *
 * @typedef {object} Offered
 * @property {"recommended" | "app" | "own" | "other"} kind `other` are one's own for other models
 * @property {string} name
 * @property {string} model that it is for, "" for any
 * @property {number} steps
 * @property {number} guidance
 * @property {number} loras how many it brings
 * @property {boolean} negative_prompt whether it brings one
 */

const NUMBER_DIGITS = 2;

/**
 * Return a preset as the list shows it.
 *
 * @param {Offered} preset
 */
export function presetLabel({ kind, name, steps, guidance }) {
  const values = { steps, guidance: Number(guidance.toFixed(NUMBER_DIGITS)) };
  return kind === "recommended" ? say("presets.recommended", values) : name;
}

/**
 * Return what the list offers and what it shows as chosen: the preset that was taken last, as long
 * as steps and guidance are still its, else what these are.
 *
 * @param {readonly Offered[]} offered
 * @param {{steps: number, guidance: number}} now
 * @param {string | null} taken the name of the one that was taken last
 * @returns {{entries: string[], chosen: string}}
 */
export function presetEntries(offered, now, taken) {
  const labels = offered.map(presetLabel);
  const isNow = (/** @type {Offered | undefined} */ one) =>
    !!one && one.steps === now.steps && Math.abs(one.guidance - now.guidance) < 0.005;
  const last = offered.find((one) => one.name === taken);
  const best = offered.find(({ kind }) => kind === "recommended");
  const found = last && isNow(last) ? last : isNow(best) ? best : null;
  const chosen = found ? presetLabel(found) : best ? say("presets.differs") : say("presets.none");
  const entries = found ? labels : [chosen, ...labels];
  return { entries: [...entries, say("presets.save")], chosen };
}

/**
 * Return the preset that an entry of the list stands for, null for other entries.
 *
 * @param {readonly Offered[]} offered
 * @param {unknown} entry
 * @returns {Offered | null}
 */
export function presetOf(offered, entry) {
  return offered.find((one) => presetLabel(one) === entry) ?? null;
}

/**
 * Return the negative prompt after a preset was taken: its own, none in the place of another
 * preset's, else what a person has written.
 *
 * @param {{negative_prompt?: string, stale?: readonly string[]}} preset
 * @param {string} now
 */
export function negativeAfter({ negative_prompt, stale = [] }, now) {
  return negative_prompt || (stale.includes(now.trim()) ? "" : now);
}

/**
 * Return a file's name for a preset.
 *
 * @param {string} name
 */
export function fileNameOf(name) {
  const plain = name.replace(/[^\p{L}\p{N} ._-]+/gu, "").trim().replace(/\s+/g, "_");
  return `${plain.replace(/^\.+/, "") || "preset"}.json`;
}
