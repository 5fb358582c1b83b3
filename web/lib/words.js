// @ts-check
/**
 * The texts of Drawbridge's part of the page, in the language that ComfyUI shows.
 *
 * Each feature has a table of its own in words/; `say("settings.add")` finds the text. Language
 * packs of ComfyUI (locales/) hold the names of nodes and inputs; these here are all the rest.
 */

import { COMMON } from "./words/common.js";
import { CONFIGURATION } from "./words/configuration.js";
import { CONNECT } from "./words/connect.js";
import { GENERATE } from "./words/generate.js";
import { LANGUAGES } from "./words/languages.js";
import { PICKER } from "./words/picker.js";
import { PRESETS } from "./words/presets.js";
import { SETTINGS } from "./words/settings.js";

/** @typedef {import("./words/languages.js").Language} Language */
/** @typedef {import("./words/languages.js").Text} Text */

export const TABLE = {
  ...COMMON,
  ...CONFIGURATION,
  ...CONNECT,
  ...GENERATE,
  ...PICKER,
  ...PRESETS,
  ...SETTINGS,
};

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
