// @ts-check
/** A line of a list that is kept here: what it is, more about it, and what can be done with it. */

import { element } from "./elements.js";

/** @typedef {import("./elements.js").Child} Child */

/**
 * @param {string} name what it is known by, told apart by tests: data-name
 * @param {Child[]} title
 * @param {Child[]} about
 * @param {HTMLElement} actions a button, or several in one element
 * @returns {HTMLLIElement}
 */
export function listEntry(name, title, about, actions) {
  return element(
    "li",
    { data: { name } },
    element(
      "div",
      { class: "drawbridge-what" },
      element("div", { class: "drawbridge-title" }, ...title),
      element("div", { class: "drawbridge-detail" }, ...about),
    ),
    actions,
  );
}
