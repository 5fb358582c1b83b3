// @ts-check
/** Forms: fields with labels, and buttons to save or leave. */

import { say } from "../../lib/words.js";
import { button, element } from "./elements.js";

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
    ...fields.map((field) => (field instanceof HTMLElement ? field : fieldRow(field))),
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
export function fieldRow({ name, label, hint, input }) {
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
 * @param {import("./elements.js").Attributes} attributes
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
