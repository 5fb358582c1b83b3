// @ts-check
/** Finds and fills the elements in which Vue shows nodes and their widgets. */

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/** What the page shows a widget of ours in: a text field, or what opens a list. */
const FIELD = "[role=combobox], input";

/**
 * Return the field in which Vue shows a widget on its node, null where it does not.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {Widget} widget
 * @returns {HTMLElement | null}
 */
export function fieldOf(app, node, widget) {
  const fields = elementOf(app, node)?.querySelectorAll(FIELD) ?? [];
  const named = [...fields].find((one) => one instanceof HTMLElement && isNamed(one, widget));
  return /** @type {HTMLElement | null} */ (named ?? null);
}

/**
 * Return the field that an event of the page was in, null where it was in none.
 *
 * @param {EventTarget | null} target
 * @returns {HTMLElement | null}
 */
export function fieldAt(target) {
  if (!(target instanceof Element) || target.closest("[data-drawbridge]")) return null;
  /** @type {HTMLElement | null} */
  const own = target.closest(FIELD);
  if (own) return own;
  // Its arrow stands beside it.
  const box = target.closest(":has(> [role=combobox])");
  return box?.querySelector("[role=combobox]") ?? null;
}

/**
 * Say whether a field is that of a widget, as far as its name tells; frontend 1.27 gives it none,
 * but writes it before the field.
 *
 * @param {HTMLElement} field
 * @param {Widget} widget
 */
export function isNamed(field, widget) {
  const label = field
    .closest(".lg-widget-container")
    ?.querySelector("p, label")
    ?.textContent?.trim();
  const name = field.getAttribute("aria-label") ?? label;
  return !!name && [widget.name, widget.label].includes(name);
}

/**
 * Return the id of the node that an element belongs to, "" where the page does not say.
 *
 * @param {Element} element
 */
export function nodeIdOf(element) {
  return element.closest("[data-node-id]")?.getAttribute("data-node-id") ?? "";
}

/**
 * Return the element of a node that Vue draws, null where it does not: numbers of nodes are those
 * of their own graph, so a node of another one than is shown has none.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @returns {HTMLElement | null}
 */
export function elementOf(app, node) {
  if (node.graph !== app.canvas.graph) return null;
  return document.querySelector(selectorOf(node));
}

/**
 * Return the element below whose other parts a node of frontend 1.27 can take one of ours.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
export function bodyOf(app, node) {
  return elementOf(app, node)?.querySelector('[data-testid^="node-body-"]') ?? null;
}

/**
 * Return what selects a node that Vue draws. Its number may be any text: it comes from a file.
 *
 * @param {GraphNode} node
 */
export function selectorOf(node) {
  return `[data-node-id="${CSS.escape(String(node.id))}"]`;
}

/**
 * Return what selects the row of a widget in a node that Vue draws; the row has a name since
 * frontend 1.57, before that the field has one, but for those of texts with several lines, which
 * have one where they were given it.
 *
 * @param {Widget} widget
 */
export function rowSelectorOf({ name, label = name }) {
  const fields = [name, label].map((one) => `[aria-label="${CSS.escape(one)}"]`).join(", ");
  return `:is([data-widget-name="${CSS.escape(name)}"], .lg-node-widget:has(${fields}))`;
}

/**
 * Have a field show a value: in frontend 1.27 they do not look for others by themselves.
 *
 * @param {HTMLInputElement} field
 * @param {unknown} value
 */
export function fill(field, value) {
  const isNumber = field.getAttribute("role") === "spinbutton" && typeof value === "number";
  const text = isNumber
    ? new Intl.NumberFormat(undefined, { useGrouping: false, maximumFractionDigits: 12 }).format(
        value,
      )
    : String(value);
  if (field.value === text) return;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (isNumber) field.dispatchEvent(new Event("blur")); // only then it takes the number
}
