// @ts-check
/** A list that can be changed: what servers, credentials and certificates have in common. */

import { say } from "../../lib/words.js";
import { problemBox } from "../comfyui/toast.js";
import { button, element } from "../parts/elements.js";

/**
 * @typedef {object} Entry
 * @property {string} name what it is known by; unique in its list
 * @property {(Node | string)[]} title
 * @property {(Node | string)[]} about
 * @property {string} [badge]
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
  item({ name, title, about, badge, edit, remove, removeLabel = say("list.remove") }) {
    const actions = element("div", { class: "drawbridge-actions" });
    const offer = () => {
      const offered = [
        edit && button(say("list.edit"), edit, { icon: "pencil", bare: true, action: "edit" }),
        remove &&
          button(removeLabel, () => confirm(remove), {
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
      const gone = button(removeLabel, () => this.attempt(work), {
        kind: "danger",
        action: "confirm",
      });
      actions.replaceChildren(gone, keep);
      keep.focus();
    };
    offer();
    return element(
      "li",
      { data: { name } },
      element(
        "div",
        { class: "drawbridge-what" },
        element(
          "div",
          { class: "drawbridge-title" },
          ...title,
          badge && element("span", { class: "drawbridge-badge" }, badge),
        ),
        element("div", { class: "drawbridge-detail" }, ...about),
      ),
      actions,
    );
  }
}

/**
 * @typedef {object} Field
 * @property {string} name
 * @property {string} label
 * @property {string} [hint]
 * @property {HTMLElement} input
 */

/**
 * Return a form: fields with labels, and buttons to save or leave it. Enter saves.
 *
 * @param {object} parts
 * @param {string} parts.name
 * @param {string} parts.title
 * @param {(Field | HTMLElement)[]} parts.fields
 * @param {() => unknown} parts.save
 * @param {() => void} parts.cancel
 * @param {string} parts.saveLabel
 * @returns {HTMLFormElement}
 */
export function makeForm({ name, title, fields, save, cancel, saveLabel }) {
  const submit = element(
    "button",
    { class: "drawbridge-button drawbridge-main", data: { action: "save" } },
    saveLabel,
  );
  return element(
    "form",
    {
      class: "drawbridge-form",
      autocomplete: "off",
      novalidate: true,
      data: { form: name },
      on: {
        submit: (event) => {
          event.preventDefault();
          save();
        },
      },
    },
    element("h4", {}, title),
    ...fields.map((field) => (field instanceof HTMLElement ? field : labelled(field))),
    element(
      "div",
      { class: "drawbridge-buttons" },
      submit,
      button(say("dialog.cancel"), cancel, { action: "cancel" }),
    ),
  );
}

let fieldCount = 0;

/**
 * @param {Field} field
 * @returns {HTMLElement}
 */
export function labelled({ name, label, hint, input }) {
  const id = `drawbridge-field-${++fieldCount}`;
  input.id = id;
  input.setAttribute("name", `drawbridge-${name}`);
  input.dataset.field = name;
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return element(
    "div",
    { class: "drawbridge-field", data: { for: name } },
    element("label", { for: id }, label),
    input,
    hint && element("small", { id: `${id}-hint` }, hint),
  );
}

/**
 * @param {string} value
 * @param {import("../parts/elements.js").Attributes} attributes
 * @returns {HTMLInputElement}
 */
export function textInput(value, attributes = {}) {
  const input = element("input", {
    type: "text",
    autocomplete: "off",
    spellcheck: "false",
    autocapitalize: "off",
    ...attributes,
  });
  input.value = value;
  return input;
}

/**
 * @param {readonly {value: string, label: string}[]} options
 * @param {string} chosen kept as an entry of its own if it is none of the options
 * @returns {HTMLSelectElement}
 */
export function selectInput(options, chosen) {
  const known = options.some(({ value }) => value === chosen);
  const all = known ? options : [...options, { value: chosen, label: chosen }];
  const select = element(
    "select",
    {},
    ...all.map(({ value, label }) => element("option", { value }, label)),
  );
  select.value = chosen;
  return select;
}
