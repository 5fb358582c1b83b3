// @ts-check
/** Shows the parts of a list that opens beside a widget: its rows, and what is said of them. */

import { highlight } from "../../lib/search.js";
import { say } from "../../lib/words.js";
import { button, element as make } from "./elements.js";

const MOST_ROWS = 300;

/**
 * @typedef {object} Row
 * @property {string} value
 * @property {string} title
 * @property {string} [subtitle]
 * @property {string} [badge]
 * @property {"missing" | "unfit" | "quiet"} [tone]
 * @property {string} [hint]
 * @property {unknown} [item] what stands behind it, for who opened the list
 */

/** @typedef {{heading: string, rows: Row[]}} Section */

/**
 * @typedef {object} Notice
 * @property {"info" | "busy" | "warning"} kind
 * @property {string} text
 * @property {string} [detail]
 * @property {{text: string, press: () => void, quiet?: boolean}} [remedy] a button
 */

/**
 * @typedef {object} View
 * @property {Section[]} sections
 * @property {Notice[]} notices
 * @property {string} [empty] said where there is no row
 * @property {string} [footer]
 * @property {{text: string, on: boolean, flip: () => void}} [toggle]
 * @property {{text: string, busy: boolean, press: () => void}} [refresh]
 */

/**
 * @param {HTMLElement} at
 * @param {Notice[]} notices
 */
export function renderNotices(at, notices) {
  at.replaceChildren(
    ...notices.map(({ kind, text, detail, remedy }) =>
      make(
        "div",
        {
          class: `drawbridge-pick-notice drawbridge-pick-${kind}`,
          role: kind === "warning" ? "alert" : "status",
        },
        make("span", { class: `pi ${ICONS[kind]}`, "aria-hidden": "true" }),
        make(
          "div",
          {},
          make("div", {}, text),
          detail && make("div", { class: "drawbridge-pick-detail" }, detail),
        ),
        remedy &&
          button(remedy.text, remedy.press, {
            kind: remedy.quiet ? "plain" : "main",
            action: "ask",
          }),
      ),
    ),
  );
}

/** @type {Record<Notice["kind"], string>} */
const ICONS = {
  info: "pi-info-circle",
  busy: "pi-spin pi-spinner",
  warning: "pi-exclamation-triangle",
};

/**
 * @param {HTMLButtonElement} at
 * @param {View["refresh"]} refresh
 */
export function renderRefresh(at, refresh) {
  at.hidden = !refresh;
  if (!refresh) return;
  at.title = refresh.text;
  at.setAttribute("aria-label", refresh.text);
  at.disabled = refresh.busy;
  at.onclick = refresh.press;
  at.replaceChildren(
    make("span", {
      class: `pi pi-refresh${refresh.busy ? " pi-spin" : ""}`,
      "aria-hidden": "true",
    }),
  );
}

/**
 * @param {HTMLElement} foot
 * @param {View} view
 */
export function renderFoot(foot, { footer, toggle }) {
  foot.hidden = !footer && !toggle;
  const had = foot.contains(document.activeElement);
  foot.replaceChildren(make("span", { class: "drawbridge-pick-grow" }, footer ?? ""));
  if (!toggle) return;
  const box = make("input", { type: "checkbox", on: { change: toggle.flip } });
  box.checked = toggle.on;
  foot.append(make("label", {}, box, toggle.text));
  if (had) box.focus();
}

/**
 * @param {HTMLElement} list
 * @param {View} view
 * @param {string[]} wanted
 * @param {(row: Row) => void} choose
 * @param {(index: number) => void} point
 * @returns {Row[]} those shown
 */
export function renderRows(list, view, wanted, choose, point) {
  /** @type {Row[]} */
  const shown = [];
  /** @type {HTMLElement[]} */
  const elements = [];
  let left = 0;
  for (const { heading, rows } of view.sections) {
    const room = rows.slice(0, Math.max(0, MOST_ROWS - shown.length));
    left += rows.length - room.length;
    if (!room.length) continue;
    const group = make("div", { role: "group", "aria-label": heading });
    if (heading) group.append(make("div", { class: "drawbridge-pick-heading" }, heading));
    for (const row of room) {
      group.append(rowElement(row, shown.length, wanted, choose, point));
      shown.push(row);
    }
    elements.push(group);
  }
  if (left)
    elements.push(
      make("div", { class: "drawbridge-pick-more" }, say("picker.more", { count: left })),
    );
  if (!shown.length && view.empty) {
    elements.push(make("div", { class: "drawbridge-pick-empty" }, view.empty));
  }
  list.replaceChildren(...elements);
  return shown;
}

/**
 * @param {Row} row
 * @param {number} index
 * @param {string[]} wanted
 * @param {(row: Row) => void} choose
 * @param {(index: number) => void} point
 * @param {string} kind
 */
export function rowElement(row, index, wanted, choose, point, kind = "") {
  const text = (/** @type {string} */ words) =>
    highlight(words, wanted).map((piece) =>
      piece.found ? make("mark", {}, piece.text) : piece.text,
    );
  return make(
    "div",
    {
      id: `drawbridge-row-${index}`,
      class: ["row", row.tone, kind]
        .filter(Boolean)
        .map((one) => `drawbridge-pick-${one}`)
        .join(" "),
      role: "option",
      title: row.hint,
      data: { index: String(index), value: row.value },
      on: { click: () => choose(row), pointermove: () => point(index) },
    },
    make(
      "div",
      { class: "drawbridge-pick-texts" },
      make("div", { class: "drawbridge-pick-title" }, ...text(row.title)),
      row.subtitle && make("div", { class: "drawbridge-pick-subtitle" }, ...text(row.subtitle)),
    ),
    row.badge && make("span", { class: "drawbridge-pick-badge" }, row.badge),
    make("span", { class: "pi pi-check drawbridge-pick-tick", "aria-hidden": "true" }),
  );
}
