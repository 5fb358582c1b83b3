// @ts-check
/**
 * The texts of Drawbridge's part of the page, in the language that ComfyUI shows.
 *
 * Each feature has a table of its own in words/; `say("settings.add")` finds the text. Language
 * packs of ComfyUI (locales/) hold the names of nodes and inputs; these here are all the rest.
 */

import { COMMON } from "./words/common.js";
import { CONNECT } from "./words/connect.js";
import { PICKER } from "./words/picker.js";
import { SETTINGS } from "./words/settings.js";
import { TOOLS } from "./words/tools.js";

export const LANGUAGES = /** @type {const} */ (["en", "zh", "ja", "de"]);

/**
 * @typedef {(typeof LANGUAGES)[number]} Language
 * @typedef {Record<Language, string>} Text
 */

export const TABLE = { ...COMMON, ...CONNECT, ...PICKER, ...SETTINGS, ...TOOLS };

/** @typedef {keyof typeof TABLE} Key */

/** @type {Language} */
let spoken = "en";

/**
 * Choose the language by a locale, such as "de" or "zh-TW"; one that we don't have is English.
 *
 * @param {string} locale
 */
export function speak(locale) {
  const wanted = locale.toLowerCase().split(/[-_]/)[0];
  spoken = LANGUAGES.find((language) => language === wanted) ?? "en";
}

/** @returns {Language} */
export function language() {
  return spoken;
}

/**
 * Return a text in the chosen language, with `{name}` replaced by the value of that name.
 *
 * @param {Key} key
 * @param {Readonly<Record<string, string | number>>} values
 * @returns {string}
 */
export function say(key, values = {}) {
  /** @type {Text} */
  const text = TABLE[key];
  return text[spoken].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
