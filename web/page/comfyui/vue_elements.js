// @ts-check
/** Finds and fills the elements in which Vue shows nodes and their widgets. */

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/**
 * Return the text field in which Vue shows a widget, null where it does not.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {Widget} widget
 * @returns {HTMLInputElement | null}
 */
export function fieldOf(app, node, widget) {
  const rows = elementOf(app, node)?.querySelectorAll(".lg-widget-container, [data-widget-name]");
  const row = [...(rows ?? [])].find((one) => {
    const name =
      one.getAttribute("data-widget-name") ?? one.querySelector("p, label")?.textContent?.trim();
    return name !== undefined && [widget.name, widget.label].includes(name);
  });
  return row?.querySelector("input") ?? null;
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
