// @ts-check
/**
 * Turns a node's text widget into one that opens a list.
 *
 * The widget stays ComfyUI's own text widget: its value, its place in workflows, links into it,
 * copies, undo and subgraphs are ComfyUI's. Only how it is drawn and what a press does are ours, by
 * two members that LiteGraph looks for on every widget. Where Vue shows a text field all the same
 * (in frontend 1.27, and for what a subgraph has shown outside only since a moment), a click there
 * opens the list.
 */

import { isLinked, widgetInside } from "../../lib/values.js";
import { language } from "../../lib/words.js";
import { MARGIN_PX, MARK, drawCombobox, isOwnCanvas } from "./combobox_drawing.js";
import { areaOnPage, labelOf, widgetOf } from "./nodes.js";
import { fieldOf } from "./vue_elements.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/**
 * A widget that was pressed or is to be drawn, and whose it is. `widget` holds the value, on its
 * `owner`: it is the node's own, or the one that a subgraph shows outside for it; `hosts` are the
 * nodes of subgraphs on the way to the node.
 *
 * @typedef {object} Spot
 * @property {GraphNode} node
 * @property {Widget} widget
 * @property {GraphNode} owner
 * @property {readonly GraphNode[]} hosts
 */

/**
 * @typedef {object} Combobox
 * @property {(spot: Spot) => import("./combobox_drawing.js").Appearance} appearance
 * @property {(spot: Spot, beside: DOMRect, opener: HTMLElement | undefined) => void} open
 * @property {(spot: Spot) => string} [hint] what to say of the value besides the tooltip
 */

/**
 * `tooltip` is the widget's own, if it has one, and `replacement` what stands in its place.
 *
 * @typedef {object} Attachment
 * @property {Combobox} combobox
 * @property {Spot} spot
 * @property {string | undefined} tooltip
 * @property {string} [replacement]
 */

/** @type {WeakMap<Widget, Attachment>} */
const attachments = new WeakMap();

/**
 * Have a widget drawn as a combobox, which also opens its list.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {Widget} widget
 * @param {Combobox} combobox
 */
export function attachCombobox(app, node, widget, combobox) {
  attach(app, combobox, { node, widget, owner: node, hosts: [] });
}

/**
 * Have the widgets that a subgraph shows outside drawn like those inside that they stand for.
 *
 * @param {App} app
 * @param {GraphNode} host
 */
export function attachPromotedComboboxes(app, host) {
  for (const widget of host.widgets ?? []) {
    const inside = widgetInside({ node: host, hosts: [] }, widget.name);
    const original = inside && widgetOf(inside.node, inside.name);
    const known = original && attachments.get(original);
    if (!inside || !known) continue;
    const { node, hosts } = inside;
    attach(app, known.combobox, { node, widget, owner: host, hosts });
  }
}

/**
 * Draw all widgets of nodes again, and bring their tooltips up to date.
 *
 * @param {App} app
 * @param {readonly GraphNode[]} nodes
 */
export function redrawComboboxes(app, nodes) {
  for (const widget of nodes.flatMap((node) => node.widgets ?? [])) {
    const known = attachments.get(widget);
    if (!known) continue;
    const hint = known.combobox.hint?.(known.spot);
    const replacement = hint && [hint, tooltipOf(known)].filter(Boolean).join("\n\n");
    // Without one of its own the page shows the definition's, in its language.
    if (known.replacement !== replacement) widget.tooltip = replacement || known.tooltip;
    known.replacement = replacement;
    widget.triggerDraw?.();
    const field = window.LiteGraph?.vueNodesMode && fieldOf(app, known.spot.owner, widget);
    if (!field) continue;
    field.dataset.drawbridgeTone = known.combobox.appearance(known.spot).tone;
    field.title = hint ?? "";
  }
}

/**
 * Open the list of a widget.
 *
 * @param {Widget} widget
 * @param {DOMRect} beside
 * @param {HTMLElement} [opener]
 * @returns {boolean} whether it has one
 */
function openList(widget, beside, opener) {
  const known = attachments.get(widget);
  if (!known || isOff(known.spot.owner, widget)) return false;
  known.combobox.open(known.spot, beside, opener);
  return true;
}

/**
 * @param {App} app
 * @param {Combobox} combobox
 * @param {Spot} spot
 */
function attach(app, combobox, spot) {
  const { widget } = spot;
  const before = attachments.get(widget);
  attachments.set(
    widget,
    before ? { ...before, combobox, spot } : { combobox, spot, tooltip: ownTooltip(spot) },
  );
  if (before) return;
  // Frontend 1.27 copies these to the widget that a subgraph shows outside; `this` is that one.
  widget.draw = function (context, host, width, y, height, rough) {
    const here = spotOf(this, combobox, spot, host);
    if (isOwnCanvas(context)) adopt(context.canvas, this, combobox.hint?.(here));
    const off = isOff(host, this);
    drawCombobox(
      context,
      { ...combobox.appearance(here), off },
      { width, y, height, rough: !!rough },
    );
  };
  widget.onPointerDown = function (pointer, host, canvas) {
    if (isOff(host, this)) return true;
    const here = spotOf(this, combobox, spot, host);
    const element = pointer.eDown?.target;
    const own =
      element instanceof HTMLCanvasElement && element !== canvas.canvas ? element : undefined;
    pointer.onClick = () =>
      combobox.open(here, own?.getBoundingClientRect() ?? rectOf(app, host, this), own);
    return true;
  };
}

/**
 * @param {Widget} widget
 * @param {Combobox} combobox
 * @param {Spot} spot of the widget that the members were given to
 * @param {GraphNode} host on which this one is
 * @returns {Spot}
 */
function spotOf(widget, combobox, spot, host) {
  if (widget === spot.widget) return spot;
  const known = attachments.get(widget);
  if (known) return known.spot;
  const copy = {
    ...spot,
    widget,
    owner: host,
    hosts: host === spot.node ? [] : [host],
  };
  attachments.set(widget, { combobox, spot: copy, tooltip: widget.tooltip });
  return copy;
}

/**
 * Say whether a widget's value comes from a link, so that there is nothing to choose.
 *
 * @param {GraphNode} node
 * @param {Widget} widget
 */
function isOff(node, widget) {
  return !!widget.disabled || isLinked(node, widget.name);
}

/**
 * Return a widget's own tooltip; the page knows no other of what a subgraph shows outside.
 *
 * @param {Spot} spot
 */
function ownTooltip({ node, widget, owner }) {
  return widget.tooltip ?? (owner === node ? undefined : definedTooltip({ node, widget }));
}

/** @param {Attachment} attachment */
function tooltipOf({ tooltip, spot }) {
  return tooltip ?? (language() === "en" ? definedTooltip(spot) : undefined);
}

/** @param {Pick<Spot, "node" | "widget">} spot */
function definedTooltip({ node, widget }) {
  return node.constructor.nodeData?.inputs?.[widget.name]?.tooltip;
}

/**
 * Make the canvas that a Vue node draws a widget on something that keys and readers can use.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Widget} widget
 * @param {string | undefined} hint
 */
function adopt(canvas, widget, hint) {
  const label = `${labelOf(widget)}: ${widget.value || "–"}`;
  canvas.setAttribute("aria-label", hint ? `${label}. ${hint}` : label);
  if (canvas.dataset.drawbridge) return;
  canvas.dataset.drawbridge = MARK;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "button");
  canvas.setAttribute("aria-haspopup", "listbox");
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " " && event.key !== "ArrowDown") return;
    if (!openList(widget, canvas.getBoundingClientRect(), canvas)) return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/**
 * Return where a widget is on the page.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {Widget} widget
 */
function rectOf(app, node, widget) {
  const y = node.pos[1] + (widget.last_y ?? widget.y ?? 0);
  const height = window.LiteGraph?.NODE_WIDGET_HEIGHT ?? 20;
  return areaOnPage(app, [node.pos[0] + MARGIN_PX, y], [node.size[0] - 2 * MARGIN_PX, height]);
}

/**
 * Open lists beside text fields, too, where Vue shows one for a widget of ours.
 *
 * @param {App} app
 */
export function listenToFields(app) {
  const open = (/** @type {Event} */ event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement)) return false;
    const id = field.closest("[data-node-id]")?.getAttribute("data-node-id");
    const node = id ? app.canvas.graph?.getNodeById(id) : null;
    const widget = node?.widgets?.find(
      (one) => attachments.has(one) && fieldOf(app, node, one) === field,
    );
    return !!widget && openList(widget, field.getBoundingClientRect(), field);
  };
  document.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && open(event)) event.preventDefault();
  });
}
