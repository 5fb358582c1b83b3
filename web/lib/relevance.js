// @ts-check
/** Which widgets a model does not read. */

/**
 * What /drawbridge/versions answers.
 *
 * @typedef {object} Version
 * @property {string} name
 * @property {boolean} negative_prompt whether it reads one
 * @property {readonly import("./sizes.js").Size[]} sizes
 *
 * @typedef {object} Versions
 * @property {Readonly<Record<string, Version>>} versions by their raw string
 * @property {Readonly<Record<string, readonly string[]>>} matters_for versions, by field
 * @property {import("./catalog.js").Compatible} [compatible]
 */

/**
 * Return those of a node's widgets that a model does not read; none if its version is unknown.
 *
 * @param {readonly string[]} names of widgets, which are those of fields
 * @param {string} version
 * @param {boolean} refined whether a refiner takes part: it reads fields of its own
 * @param {Versions | null} known
 * @returns {Set<string>}
 */
export function unreadWidgets(names, version, refined, known) {
  const row = known?.versions[version];
  if (!known || !row) return new Set();
  const versions = [version, ...(refined ? (known.compatible?.refiners?.[version] ?? []) : [])];
  const isRead = (/** @type {string} */ name) => {
    if (name === "negative_prompt") return row.negative_prompt;
    const readers = known.matters_for[name];
    return !readers || versions.some((one) => readers.includes(one));
  };
  return new Set(names.filter((name) => !isRead(name)));
}
