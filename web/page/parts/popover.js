// @ts-check
/** A searchable list that opens beside what was pressed, above everything else on the page. */

import { searchWords } from "../../lib/search.js";
import { say } from "../../lib/words.js";
import { element as make } from "./elements.js";
import { renderFoot, renderNotices, renderRefresh, renderRows, rowElement } from "./list.js";

const GAP_PX = 4;
const EDGE_PX = 8;
const LEAST_WIDTH_PX = 340;
const MOST_WIDTH_PX = 560;
const LEAST_HEIGHT_PX = 220;
const MOST_OF_PAGE = 0.62;

/**
 * @typedef {import("./list.js").Row} Row
 * @typedef {import("./list.js").View} View
 */

/**
 * @typedef {object} Options
 * @property {DOMRect} beside in the page's pixels
 * @property {string} label
 * @property {string} value what is chosen now
 * @property {string} placeholder
 * @property {string} [typed] what stands in the search field at first
 * @property {boolean} [free] whether other texts than the listed ones may be taken; usually so
 * @property {(query: string) => View} view
 * @property {(row: Row) => void} choose
 * @property {() => void} [closed]
 * @property {HTMLElement} [opener] that gets the focus back; else what had it before
 */

/** @typedef {{update: () => void, close: () => void}} Popover */

/** @type {Popover | null} */
let open = null;

/**
 * Open a list; one that is open is closed.
 *
 * @param {Options} options
 * @returns {Popover}
 */
export function openPopover(options) {
  open?.close();
  const popover = build(options);
  open = popover;
  return popover;
}

/** Show the open list anew, if there is one: what it shows has changed. */
export function updatePopover() {
  open?.update();
}

/**
 * @param {Options} options
 * @returns {Popover}
 */
function build(options) {
  const { beside, label, value, placeholder, typed = "", free = true } = options;
  /** @type {Row[]} */
  let rows = [];
  let active = -1;
  let pointed = false; // the active row is the person's own, not ours
  const opener =
    options.opener ??
    (document.activeElement instanceof HTMLElement ? document.activeElement : null);

  const search = make("input", {
    type: "text",
    class: "drawbridge-pick-search",
    role: "combobox",
    placeholder,
    "aria-label": label,
    "aria-expanded": "true",
    "aria-controls": "drawbridge-list",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
    on: {
      input: () => {
        pointed = false;
        render();
      },
    },
  });
  search.value = typed;
  const refresh = make("button", {
    type: "button",
    class: "drawbridge-button drawbridge-bare drawbridge-pick-refresh",
  });
  const head = make(
    "div",
    { class: "drawbridge-pick-head" },
    make("span", { class: "pi pi-search", "aria-hidden": "true" }),
    search,
    refresh,
  );
  const notices = make("div", { class: "drawbridge-pick-notices" });
  const list = make("div", {
    class: "drawbridge-pick-list",
    id: "drawbridge-list",
    role: "listbox",
  });
  const foot = make("div", { class: "drawbridge-pick-foot" });
  const root = make(
    "div",
    {
      class: "drawbridge-pick",
      data: { drawbridge: "popover" },
      role: "dialog",
      "aria-label": label,
    },
    head,
    notices,
    list,
    foot,
  );

  function render() {
    const query = search.value;
    const focused = root.contains(document.activeElement);
    const view = options.view(query.trim());
    const wanted = searchWords(query);
    renderNotices(notices, view.notices);
    renderRefresh(refresh, view.refresh);
    renderFoot(foot, view);
    const before = rows[active]?.value;
    const over = (/** @type {number} */ index) => {
      if (index !== active || !pointed) point(index, true);
    };
    rows = renderRows(list, view, wanted, choose, over);
    const text = query.trim();
    if (free && text && text !== typed && !rows.some((row) => row.value === text)) {
      const row = { value: text, title: say("picker.typed", { text }) };
      rows.push(row);
      list.append(rowElement(row, rows.length - 1, [], choose, over, "typed"));
    }
    const kept = pointed || !query.trim() ? rows.findIndex((row) => row.value === before) : -1;
    const chosen = query.trim() ? -1 : rows.findIndex((row) => row.value === value);
    point(kept >= 0 ? kept : chosen >= 0 ? chosen : rows.length ? 0 : -1, pointed);
    for (const element of list.querySelectorAll("[role=option]")) {
      element.classList.toggle(
        "drawbridge-pick-chosen",
        rows[Number(/** @type {HTMLElement} */ (element).dataset.index)]?.value === value,
      );
    }
    place(root, beside);
    // What was pressed may be gone; keys must not fall through to ComfyUI's shortcuts.
    const still = document.activeElement;
    const idle = still instanceof HTMLButtonElement && still.disabled;
    if (focused && (!root.contains(still) || idle)) search.focus({ preventScroll: true });
  }

  /**
   * @param {number} index
   * @param {boolean} byPerson
   */
  function point(index, byPerson) {
    active = index;
    pointed = byPerson;
    let found = "";
    for (const element of list.querySelectorAll("[role=option]")) {
      const is = Number(/** @type {HTMLElement} */ (element).dataset.index) === index;
      element.setAttribute("aria-selected", String(is));
      if (is) {
        found = element.id;
        if (!byPerson || keyed) element.scrollIntoView({ block: "nearest" });
      }
    }
    if (found) search.setAttribute("aria-activedescendant", found);
    else search.removeAttribute("aria-activedescendant");
  }

  /** @param {Row} row */
  function choose(row) {
    close();
    options.choose(row);
  }

  let keyed = false;

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    event.stopPropagation(); // ComfyUI's own shortcuts
    if (event.key === "Escape") {
      event.preventDefault();
      close();
      return;
    }
    if (event.target !== search || event.isComposing) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (step && rows.length) {
      event.preventDefault();
      const next = active + step;
      const single = Math.abs(step) === 1;
      keyed = true;
      point(
        single ? (next + rows.length) % rows.length : Math.min(Math.max(next, 0), rows.length - 1),
        true,
      );
      keyed = false;
    } else if (event.key === "Enter") {
      event.preventDefault();
      const row = rows[active];
      if (row) choose(row);
      else close();
    }
  }

  /** @param {Event} event */
  function onOutside(event) {
    if (!root.contains(/** @type {Node} */ (event.target))) close(false);
  }

  let closed = false;

  /** @param {boolean} returning whether the focus goes back to what opened the list */
  function close(returning = true) {
    if (closed) return;
    closed = true;
    document.removeEventListener("pointerdown", onOutside, true);
    document.removeEventListener("wheel", onOutside, true);
    window.removeEventListener("resize", onResize);
    const focused = root.contains(document.activeElement);
    root.remove();
    if (open === popover) open = null;
    if (returning && focused) opener?.focus();
    options.closed?.();
  }

  const onResize = () => close(false);
  const popover = { update: render, close };
  root.addEventListener("keydown", onKey);
  for (const name of ["keyup", "keypress", "copy", "cut", "paste", "contextmenu", "wheel"]) {
    root.addEventListener(name, (event) => event.stopPropagation(), { passive: true });
  }
  document.addEventListener("pointerdown", onOutside, true);
  document.addEventListener("wheel", onOutside, { capture: true, passive: true });
  window.addEventListener("resize", onResize);
  document.body.append(root);
  render();
  // What was pressed takes the focus at the end of the press.
  requestAnimationFrame(() => {
    search.focus({ preventScroll: true });
    search.select();
  });
  return popover;
}

/**
 * @param {HTMLElement} root
 * @param {DOMRect} beside
 */
function place(root, beside) {
  const width = Math.min(
    Math.max(beside.width, LEAST_WIDTH_PX),
    MOST_WIDTH_PX,
    innerWidth - 2 * EDGE_PX,
  );
  const below = innerHeight - beside.bottom - GAP_PX - EDGE_PX;
  const over = beside.top - GAP_PX - EDGE_PX;
  const up = below < LEAST_HEIGHT_PX && over > below;
  root.style.width = `${width}px`;
  root.style.left = `${Math.min(Math.max(beside.left, EDGE_PX), innerWidth - width - EDGE_PX)}px`;
  const room = Math.max(up ? over : below, LEAST_HEIGHT_PX);
  root.style.maxHeight = `${Math.min(room, MOST_OF_PAGE * innerHeight)}px`;
  const lowest = innerHeight - LEAST_HEIGHT_PX - EDGE_PX;
  const top = Math.max(Math.min(beside.bottom + GAP_PX, lowest), EDGE_PX);
  root.style.top = up ? "auto" : `${top}px`;
  root.style.bottom = up ? `${innerHeight - beside.top + GAP_PX}px` : "auto";
}
