// @ts-check
/** Shows in a dialog or a list what went wrong and how it is mended. */

import { asProblem } from "../../lib/problem.js";
import { element } from "./elements.js";

/**
 * Return what went wrong and how it is mended, to be shown in the page.
 *
 * @param {unknown} error
 * @returns {HTMLElement}
 */
export function problemBox(error) {
  const { problem, remedy } = asProblem(error);
  return element(
    "div",
    { class: "drawbridge-problem", role: "alert" },
    element("strong", {}, problem),
    remedy && element("span", {}, remedy),
  );
}
