// @ts-check
/** What a picker's list shows: rows of what the server has, and why there may be none. */

import { addressOf } from "../../lib/addresses.js";
import { ABSENT, DEPRECATED, fits, groups, isNone, items, judge } from "../../lib/catalog.js";
import { relativeTime } from "../../lib/relative_time.js";
import { matches, searchWords } from "../../lib/search.js";
import { language, say } from "../../lib/words.js";
import { bringsSettings, setBringsSettings } from "../state/model_presets.js";
import { versionsOf } from "../state/versions.js";
import { serversOf } from "../state/servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../lib/catalog.js").Choice} Choice
 * @typedef {import("../../lib/catalog.js").Item} Item
 * @typedef {import("../parts/list.js").Notice} Notice
 * @typedef {import("../parts/list.js").Row} Row
 * @typedef {import("../parts/list.js").Section} Section
 * @typedef {import("../parts/list.js").View} View
 * @typedef {import("../../lib/surroundings.js").Surroundings} Surroundings
 */

/** @type {ReadonlyMap<string, "picker.deprecated" | "picker.absent">} */
const HEADINGS = new Map([
  [DEPRECATED, "picker.deprecated"],
  [ABSENT, "picker.absent"],
]);

/**
 * Return which versions go together; as long as that is unknown, only a model's own counts.
 *
 * @param {App} app
 */
export function compatibleOf(app) {
  return versionsOf(app)?.compatible ?? {};
}

/**
 * @typedef {object} ListRequest
 * @property {Choice} choice
 * @property {string} value chosen now
 * @property {Surroundings} around
 * @property {string} query
 * @property {boolean} all whether records for other versions are wanted, too
 * @property {() => void} flip `all`
 */

/**
 * @param {App} app
 * @param {ListRequest} request
 * @returns {View}
 */
export function catalogView(app, { choice, value, around, query, all, flip }) {
  const { server, known, catalog, version } = around;
  const compatible = compatibleOf(app);
  const everything = items(catalog, choice);
  const fitting = everything.filter((item) => fits(choice, item, version, compatible));
  const wanted = searchWords(query);
  const found = (all ? everything : fitting).filter((item) => matches(item, wanted));
  /** @type {Section[]} */
  const sections = [];
  if (choice !== "embedding" && !wanted.length) {
    const first =
      choice === "model"
        ? []
        : [{ value: "", title: say("picker.none"), tone: /** @type {const} */ ("quiet") }];
    const kept =
      isNone(value) || found.some((item) => item.file === value)
        ? []
        : [keptRow(app, choice, around, value)];
    if (first.length) sections.push({ heading: "", rows: first });
    if (kept.length) sections.push({ heading: say("picker.chosen"), rows: kept });
  }
  for (const group of groups(found, version)) {
    const heading = HEADINGS.get(group.key);
    const rows = group.items.map((item) => rowOf(choice, item, !!heading, version, fitting));
    sections.push({ heading: heading ? say(heading) : group.name, rows });
  }
  const age = server && serversOf(app).age(server);
  const when =
    typeof age === "number" ? say("picker.read", { when: relativeTime(age, language()) }) : "";
  return {
    sections,
    notices: noticesOf(app, around),
    empty: catalog ? say(wanted.length ? "picker.nothing" : "picker.lacks") : undefined,
    footer: server ? [known?.status.address || addressOf(server), when].filter(Boolean).join(" · ") : "",
    toggle: toggleOf(choice, fitting.length < everything.length, all, flip),
    refresh: server
      ? {
          text: say("picker.refresh"),
          busy: !!known?.asking,
          press: () => void serversOf(app).ask(server, { pressed: true, refresh: true }),
        }
      : undefined,
  };
}

/**
 * Return the switch below the list: whether a model brings its settings, or whether what does not
 * fit is listed, too.
 *
 * @param {Choice} choice
 * @param {boolean} isParted whether there is more than what fits
 * @param {boolean} all
 * @param {() => void} flip `all`, and show the list anew
 * @returns {View["toggle"]}
 */
function toggleOf(choice, isParted, all, flip) {
  if (choice !== "model") {
    return isParted ? { text: say("picker.all"), on: all, flip } : undefined;
  }
  const follow = () => {
    setBringsSettings(!bringsSettings());
    flip();
  };
  return { text: say("presets.follow"), on: bringsSettings(), flip: follow };
}

/**
 * @param {App} app
 * @param {Surroundings} around
 * @returns {Notice[]}
 */
function noticesOf(app, { connect, server, known, catalog }) {
  if (!connect) return [{ kind: "info", text: say("picker.unwired") }];
  if (!server) return [{ kind: "info", text: say("picker.linked") }];
  const name = known?.status.address || addressOf(server);
  const press = () => void serversOf(app).ask(server, { pressed: true, refresh: true });
  if (known?.asking) {
    return catalog ? [] : [{ kind: "busy", text: say("picker.asking", { server: name }) }];
  }
  const status = known?.status;
  if (status?.state === "failed") {
    const { problem = "", remedy = "" } = status.error ?? {};
    const again = { text: say("picker.again"), press };
    return [{ kind: "warning", text: problem, detail: remedy, remedy: again }];
  }
  if (!status || status.state === "unasked") {
    const first = { text: say("picker.ask", { server: name }), press };
    return [{ kind: "info", text: say("picker.unasked"), remedy: first }];
  }
  return catalog?.source === "official" ? [{ kind: "info", text: say("picker.official") }] : [];
}

/**
 * @param {Choice} choice
 * @param {Item} item
 * @param {boolean} mixed whether its group holds several versions
 * @param {string} version
 * @param {readonly Item[]} fitting
 * @returns {Row}
 */
function rowOf(choice, item, mixed, version, fitting) {
  const absent = item.present === false;
  const unfit = !!version && !fitting.includes(item);
  return {
    value: choice === "embedding" ? `<${item.keyword}>` : item.file,
    title: item.name || item.file,
    subtitle: choice === "embedding" ? `<${item.keyword}> · ${item.file}` : item.file,
    badge: mixed ? versionName(item) : detail(item),
    tone: absent ? "quiet" : unfit ? "unfit" : undefined,
    hint: item.note || undefined,
    item,
  };
}

/**
 * Return what else tells an upscaler, a control or a model from others.
 *
 * @param {Item} item
 */
function detail(item) {
  if (item.scale_factor) return `×${item.scale_factor}`;
  return (
    item.kind || item.type || (item.default_size_px ? `${item.default_size_px} px` : undefined)
  );
}

/**
 * Return the row of a choice that is not in the list.
 *
 * @param {App} app
 * @param {Choice} choice
 * @param {Surroundings} around
 * @param {string} value
 * @returns {Row}
 */
function keptRow(app, choice, { catalog, version }, value) {
  const { standing, item } = judge(catalog, choice, value, version, compatibleOf(app));
  const missing = standing === "missing";
  const unfit = standing === "unfit";
  return {
    value,
    title: item?.name ?? value,
    subtitle: item && item.file !== item.name ? item.file : undefined,
    badge: missing
      ? say("picker.missing")
      : unfit
        ? say("picker.unfit", { version: versionName(item) })
        : undefined,
    tone: missing ? "missing" : unfit ? "unfit" : undefined,
    hint: missing ? say("picker.missing.hint", { value }) : undefined,
    item,
  };
}

/** @param {Item | undefined} item */
export function versionName(item) {
  return item?.version_name || item?.version || "";
}
