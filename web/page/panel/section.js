// @ts-check
/** A list that can be changed: what servers, credentials and certificates have in common. */

import { say } from "../../lib/words.js";
import { button, element } from "../parts/elements.js";
import { listEntry } from "../parts/list_entry.js";
import { problemBox } from "../parts/problem_box.js";

/**
 * @typedef {object} Entry
 * @property {string} name what it is known by; unique in its list
 * @property {(Node | string)[]} title
 * @property {(Node | string)[]} about
 * @property {string} [badge]
 * @property {(() => Promise<void>)} [prefer]
 * @property {string} [preferLabel]
 * @property {string} [preferIcon]
 * @property {(() => void)} [edit]
 * @property {(() => Promise<void>)} [remove]
 * @property {string} [removeLabel]
 */

/** A list with its buttons, the form below and the problem that came up. */
export class Section {
  /**
   * @param {string} name told apart by tests and styles: data-section
   * @param {object} texts
   * @param {string} texts.title
   * @param {string} texts.about what the list is for, in a sentence
   * @param {string} texts.empty what is said if nothing is in it
   */
  constructor(name, { title, about, empty }) {
    this.empty = empty;
    this.list = element("ul", {
      class: "drawbridge-list",
      tabindex: "-1",
      data: { list: name },
    });
    this.buttons = element("div", { class: "drawbridge-buttons" });
    this.below = element("div", { class: "drawbridge-below" });
    this.trouble = element("div", { "aria-live": "polite" });
    this.element = element(
      "section",
      { class: "drawbridge drawbridge-section", data: { section: name } },
      element("h3", {}, title),
      element("p", { class: "drawbridge-about" }, about),
      this.list,
      this.trouble,
      this.below,
      this.buttons,
    );
    for (const event of ["keydown", "keyup", "paste", "copy", "cut"]) {
      // Escape goes through: it closes the dialog that we are in.
      this.element.addEventListener(event, (happened) => {
        if (/** @type {KeyboardEvent} */ (happened).key !== "Escape") happened.stopPropagation();
      });
    }
  }

  /** @param {Entry[]} entries */
  show(entries) {
    const items = entries.map((entry) => this.item(entry));
    const focused = this.list.contains(document.activeElement);
    this.list.replaceChildren(
      ...(items.length ? items : [element("li", { class: "drawbridge-empty" }, this.empty)]),
    );
    // What was pressed is gone; keys, Escape among them, must not go to the graph behind.
    if (focused) (this.element.querySelector("button") ?? this.list).focus();
  }

  /**
   * Do something that may fail; the problem, if there is one, is shown until the next success.
   *
   * @param {() => Promise<void>} work
   */
  async attempt(work) {
    this.element.setAttribute("aria-busy", "true");
    try {
      await work();
      this.trouble.replaceChildren();
    } catch (error) {
      this.trouble.replaceChildren(problemBox(error));
    } finally {
      this.element.removeAttribute("aria-busy");
    }
  }

  /**
   * Show a form in the place of the buttons, its first field focused; null takes it away.
   *
   * @param {HTMLElement | null} form
   */
  open(form) {
    this.trouble.replaceChildren();
    this.below.replaceChildren(...(form ? [form] : []));
    this.buttons.hidden = form !== null;
    const field = /** @type {HTMLElement | null} */ (form?.querySelector("input, select"));
    (field ?? this.buttons.querySelector("button"))?.focus();
  }

  /**
   * @param {Entry} entry
   * @returns {HTMLLIElement}
   */
  item({ name, title, about, badge, prefer, preferLabel, preferIcon, edit, remove, removeLabel }) {
    const actions = element("div", { class: "drawbridge-actions" });
    const removing = removeLabel ?? say("list.remove");
    const offer = () => {
      const offered = [
        prefer &&
          button(preferLabel ?? "", () => this.attempt(prefer), {
            icon: preferIcon ?? "star",
            bare: true,
            action: "prefer",
          }),
        edit && button(say("list.edit"), edit, { icon: "pencil", bare: true, action: "edit" }),
        remove &&
          button(removing, () => confirm(remove), {
            icon: "trash",
            bare: true,
            action: "remove",
          }),
      ];
      actions.replaceChildren(...offered.filter((one) => one !== undefined));
    };
    const confirm = (/** @type {() => Promise<void>} */ work) => {
      const keep = button(
        say("list.keep"),
        () => {
          offer();
          actions.querySelector("button")?.focus();
        },
        { action: "keep" },
      );
      const gone = button(removing, () => this.attempt(work), {
        kind: "danger",
        action: "confirm",
      });
      actions.replaceChildren(gone, keep);
      keep.focus();
    };
    offer();
    const label = badge && element("span", { class: "drawbridge-badge" }, badge);
    return listEntry(name, [...title, label], about, actions);
  }
}
