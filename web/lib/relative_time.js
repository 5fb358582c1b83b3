// @ts-check
/** How long ago something was, in words. */

/** @type {readonly (readonly [Intl.RelativeTimeFormatUnit, number])[]} */
const UNITS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];

/**
 * Return such as "2 minutes ago", in the language; less than a minute is "now".
 *
 * @param {number} seconds
 * @param {string} language
 */
export function relativeTime(seconds, language) {
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  const [unit, length] = UNITS.find(([, each]) => seconds >= each) ?? ["second", Infinity];
  const count = Math.floor(seconds / length);
  return format.format(count ? -count : 0, unit);
}
