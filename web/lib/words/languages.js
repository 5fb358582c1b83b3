// @ts-check
/** The languages that texts are in. */

export const LANGUAGES = /** @type {const} */ (["en", "zh", "ja", "de"]);

/**
 * @typedef {(typeof LANGUAGES)[number]} Language
 * @typedef {Record<Language, string>} Text
 */
