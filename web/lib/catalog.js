// @ts-check
/** What a picker shows of a server's catalogue: which records, how grouped, which one is meant. */

import { AUTOMATIC_VERSION } from "./facts.js";
import { fold } from "./search.js";

/**
 * What routes answer of a record; each kind has some of these.
 *
 * @typedef {object} Item
 * @property {string} file
 * @property {string} name
 * @property {string} [version]
 * @property {string} [version_name]
 * @property {boolean} [deprecated]
 * @property {boolean} [present] false where the server was asked and lacks the file
 * @property {string} [note]
 * @property {number} [default_size_px]
 * @property {number} [weight]
 * @property {number} [lowest_weight]
 * @property {number} [highest_weight]
 * @property {string} [type]
 * @property {string} [kind]
 * @property {string} [keyword]
 * @property {string} [prefix]
 * @property {number} [scale_factor]
 */

/** @typedef {"models" | "loras" | "controls" | "textual_inversions" | "upscalers"} List */

/**
 * @typedef {object} Catalog
 * @property {"server" | "official"} source
 * @property {readonly Item[]} [models]
 * @property {readonly Item[]} [loras]
 * @property {readonly Item[]} [controls]
 * @property {readonly Item[]} [textual_inversions]
 * @property {readonly Item[]} [upscalers]
 */

/**
 * Which versions a server takes along with a model of a version; a list without a table of its own
 * takes the model's version only.
 *
 * @typedef {object} Compatible
 * @property {Readonly<Record<string, readonly string[]>>} [loras]
 * @property {Readonly<Record<string, readonly string[]>>} [refiners]
 */

/** @typedef {"model" | "lora" | "control" | "refiner" | "upscaler" | "embedding"} Choice */

/** @type {Readonly<Record<Choice, List>>} */
const LISTS = {
  model: "models",
  lora: "loras",
  control: "controls",
  refiner: "models",
  upscaler: "upscalers",
  embedding: "textual_inversions",
};

export const DEPRECATED = "deprecated";
export const ABSENT = "absent";

const FOR_ANY = new Set(["model", "upscaler"]);

/**
 * @typedef {object} Group
 * @property {string} key a version, "" for records of none; DEPRECATED, or ABSENT
 * @property {string} name as people call it; "" where there is nothing to say
 * @property {Item[]} items
 */

/**
 * How a value that somebody chose stands to what a server has: `unknown` where nobody can tell.
 *
 * @typedef {"empty" | "found" | "missing" | "unfit" | "unknown"} Standing
 */

const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

// Widgets look their values up each time they are drawn, and a server may have thousands of files.
/** @type {WeakMap<Catalog, Map<Choice, readonly Item[]>>} */
const lists = new WeakMap();
/** @type {WeakMap<readonly Item[], Map<string, Item[]>>} */
const indices = new WeakMap();

/**
 * Return all records that a choice is made from, each file once.
 *
 * @param {Catalog | null | undefined} catalog which is not changed any more
 * @param {Choice} choice
 * @returns {readonly Item[]}
 */
export function items(catalog, choice) {
  if (!catalog) return [];
  const known = lists.get(catalog) ?? new Map();
  lists.set(catalog, known);
  const found = known.get(choice) ?? once(catalog[LISTS[choice]] ?? [], choice);
  known.set(choice, found);
  return found;
}

/**
 * @param {readonly Item[]} list
 * @param {Choice} choice
 */
function once(list, choice) {
  const seen = new Set();
  return list.filter((item) => {
    if (choice === "embedding" && !item.keyword) return false;
    const key = choice === "embedding" ? `${item.version} ${item.keyword}` : item.file;
    return !seen.has(key) && seen.add(key);
  });
}

/**
 * Return the records by their files and names, folded.
 *
 * @param {readonly Item[]} known
 */
function indexOf(known) {
  const before = indices.get(known);
  if (before) return before;
  /** @type {Map<string, Item[]>} */
  const index = new Map();
  for (const item of known) {
    for (const key of new Set([fold(item.file), fold(item.name)])) {
      index.set(key, [...(index.get(key) ?? []), item]);
    }
  }
  indices.set(known, index);
  return index;
}

/**
 * Say whether a server uses such a record with a model of that version; yes where nobody can tell.
 *
 * @param {Choice} choice
 * @param {Item} item
 * @param {string} version of the model, "" if unknown
 * @param {Compatible} compatible
 */
export function fits(choice, item, version, compatible = {}) {
  if (FOR_ANY.has(choice) || !version || !item.version) return true;
  const table = choice === "refiner" ? compatible.refiners : compatible.loras;
  const others = choice === "lora" || choice === "refiner" ? table?.[version] : undefined;
  return item.version === version || !!others?.includes(item.version);
}

/**
 * Return the records in groups by version: the model's first, the rest by name; then what is
 * deprecated, and last what the server lacks.
 *
 * @param {readonly Item[]} found
 * @param {string} version of the model, "" if unknown
 * @returns {Group[]}
 */
export function groups(found, version = "") {
  /** @type {Map<string, Group>} */
  const byKey = new Map();
  for (const item of found) {
    const apart = item.present === false ? ABSENT : item.deprecated ? DEPRECATED : "";
    const key = apart || (item.version ?? "");
    const name = apart ? "" : item.version_name || item.version || "";
    const group = byKey.get(key) ?? { key, name, items: [] };
    byKey.set(key, group);
    group.items.push(item);
  }
  const rank = (/** @type {Group} */ { key }) =>
    key === ABSENT ? 3 : key === DEPRECATED ? 2 : key === version && version ? 0 : 1;
  const sorted = [...byKey.values()].sort(
    (a, b) => rank(a) - rank(b) || order.compare(a.name, b.name),
  );
  for (const group of sorted) {
    group.items.sort((a, b) => order.compare(a.name, b.name) || order.compare(a.file, b.file));
  }
  return sorted;
}

/**
 * Return the record that a value names: by its file, else by file or display name in any case, as
 * the nodes read it. Of several with one name, one that fits the model is meant.
 *
 * @param {readonly Item[]} known
 * @param {string} value
 * @param {(item: Item) => boolean} fitting
 * @returns {Item | undefined}
 */
export function find(known, value, fitting = () => true) {
  const named = indexOf(known).get(fold(value.trim())) ?? [];
  return named.find((item) => item.file === value) ?? named.find(fitting) ?? named[0];
}

/**
 * Return how a value stands to a catalogue, and its record.
 *
 * @param {Catalog | null | undefined} catalog
 * @param {Choice} choice
 * @param {string} value
 * @param {string} version
 * @param {Compatible} compatible
 * @returns {{standing: Standing, item?: Item}}
 */
export function judge(catalog, choice, value, version = "", compatible = {}) {
  if (isNone(value)) return { standing: "empty" };
  if (!catalog) return { standing: "unknown" };
  const fitting = (/** @type {Item} */ one) => fits(choice, one, version, compatible);
  const item = find(items(catalog, choice), value, fitting);
  // The app's own list knows nothing of what people import.
  if (!item) return { standing: catalog.source === "server" ? "missing" : "unknown" };
  if (item.present === false) return { standing: "missing", item };
  return { standing: fitting(item) ? "found" : "unfit", item };
}

/**
 * Say whether a specification that a person gives is, among others, that of a value.
 *
 * @param {unknown} text JSON: an object, or an array of objects
 * @param {string} value a file or display name
 */
export function specifies(text, value) {
  if (!text) return false;
  try {
    const wanted = fold(value.trim());
    return [JSON.parse(String(text))]
      .flat()
      .some(({ file, name }) => [file, name].some((one) => one && fold(String(one)) === wanted));
  } catch {
    return false; // the node says what is wrong with it
  }
}

/**
 * Say whether a value stands for nothing, as the nodes read it.
 *
 * @param {unknown} value
 */
export function isNone(value) {
  return ["", "none"].includes(fold(String(value ?? "").trim()));
}

/**
 * Return the version of the model that Load Model names: the one that is set there, else the
 * catalogue's; "" if nobody knows.
 *
 * @param {Catalog | null | undefined} catalog
 * @param {string} model
 * @param {string} version as Load Model has it
 */
export function versionOf(catalog, model, version) {
  if (version && version !== AUTOMATIC_VERSION) return version;
  return find(items(catalog, "model"), model)?.version ?? "";
}
