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
import { MARGIN_PX, MARK, drawFace, isOwnCanvas } from "./combobox_drawing.js";
import { labelOf, placeOf, widgetOf } from "./nodes.js";
import { fieldOf } from "./vue_elements.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/**
 * A widget that was pressed or is to be drawn. `shown` holds the value: the widget itself, or the
 * one that a subgraph shows outside for it; `hosts` are the nodes of subgraphs on the way to it.
 *
 * @typedef {object} Spot
 * @property {GraphNode} node
 * @property {Widget} shown
 * @property {GraphNode} shownOn
 * @property {readonly GraphNode[]} hosts
 */

/**
 * @typedef {object} Field
 * @property {(spot: Spot) => import("./combobox_drawing.js").Face} face
 * @property {(spot: Spot, beside: DOMRect, opener: HTMLElement | undefined) => void} open
 * @property {(spot: Spot) => string} [hint] what to say of the value besides the tooltip
 */

/**
 * `tooltip` is the widget's own, if it has one, and `told` what stands in its place.
 *
 * @typedef {{field: Field, spot: Spot, tooltip: string | undefined, told?: string}} Drawn
 */

/** @type {WeakMap<Widget, Drawn>} */
const drawn = new WeakMap();

/**
 * Have a widget drawn by a field, which also opens its list.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {Widget} widget
 * @param {Field} field
 */
export function drawBy(app, node, widget, field) {
  attach(app, widget, field, { node, shown: widget, shownOn: node, hosts: [] });
}

/**
 * Have the widgets that a subgraph shows outside drawn like those inside that they stand for.
 *
 * @param {App} app
 * @param {GraphNode} host
 */
export function drawPromoted(app, host) {
  for (const shown of host.widgets ?? []) {
    const inside = widgetInside({ node: host, hosts: [] }, shown.name);
    const widget = inside && widgetOf(inside.node, inside.name);
    const known = widget && drawn.get(widget);
    if (!inside || !known) continue;
    const { node, hosts } = inside;
    attach(app, shown, known.field, { node, shown, shownOn: host, hosts });
  }
}

/**
 * Draw all widgets of nodes again, and bring their tooltips up to date.
 *
 * @param {App} app
 * @param {readonly GraphNode[]} nodes
 */
export function redraw(app, nodes) {
  for (const widget of nodes.flatMap((node) => node.widgets ?? [])) {
    const known = drawn.get(widget);
    if (!known) continue;
    const hint = known.field.hint?.(known.spot);
    const told = hint && [hint, tooltipOf(known)].filter(Boolean).join("\n\n");
    // Without one of its own the page shows the definition's, in its language.
    if (known.told !== told) widget.tooltip = told || known.tooltip;
    known.told = told;
    widget.triggerDraw?.();
    const field = window.LiteGraph?.vueNodesMode && fieldOf(app, known.spot.shownOn, widget);
    if (!field) continue;
    field.dataset.drawbridgeTone = known.field.face(known.spot).tone;
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
  const known = drawn.get(widget);
  if (!known || isOff(known.spot.shownOn, widget)) return false;
  known.field.open(known.spot, beside, opener);
  return true;
}

/**
 * @param {App} app
 * @param {Widget} widget
 * @param {Field} field
 * @param {Spot} spot
 */
function attach(app, widget, field, spot) {
  const before = drawn.get(widget);
  drawn.set(
    widget,
    before ? { ...before, field, spot } : { field, spot, tooltip: ownTooltip(spot) },
  );
  if (before) return;
  // Frontend 1.27 copies these to the widget that a subgraph shows outside; `this` is that one.
  widget.draw = function (context, host, width, y, height, rough) {
    const here = spotOf(this, field, spot, host);
    if (isOwnCanvas(context)) adopt(context.canvas, this, field.hint?.(here));
    const off = isOff(host, this);
    drawFace(context, { ...field.face(here), off }, { width, y, height, rough: !!rough });
  };
  widget.onPointerDown = function (pointer, host, canvas) {
    if (isOff(host, this)) return true;
    const here = spotOf(this, field, spot, host);
    const element = pointer.eDown?.target;
    const own =
      element instanceof HTMLCanvasElement && element !== canvas.canvas ? element : undefined;
    pointer.onClick = () =>
      field.open(here, own?.getBoundingClientRect() ?? rectOf(app, host, this), own);
    return true;
  };
}

/**
 * @param {Widget} widget
 * @param {Field} field
 * @param {Spot} spot of the widget that the members were given to
 * @param {GraphNode} host on which this one is
 * @returns {Spot}
 */
function spotOf(widget, field, spot, host) {
  if (widget === spot.shown) return spot;
  const known = drawn.get(widget);
  if (known) return known.spot;
  const copy = {
    ...spot,
    shown: widget,
    shownOn: host,
    hosts: host === spot.node ? [] : [host],
  };
  drawn.set(widget, { field, spot: copy, tooltip: widget.tooltip });
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
function ownTooltip({ node, shown, shownOn }) {
  return shown.tooltip ?? (shownOn === node ? undefined : defined({ node, shown }));
}

/** @param {Drawn} drawn */
function tooltipOf({ tooltip, spot }) {
  return tooltip ?? (language() === "en" ? defined(spot) : undefined);
}

/** @param {Pick<Spot, "node" | "shown">} spot */
function defined({ node, shown }) {
  return node.constructor.nodeData?.inputs?.[shown.name]?.tooltip;
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
  return placeOf(app, [node.pos[0] + MARGIN_PX, y], [node.size[0] - 2 * MARGIN_PX, height]);
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
      (one) => drawn.has(one) && fieldOf(app, node, one) === field,
    );
    return !!widget && openList(widget, field.getBoundingClientRect(), field);
  };
  document.addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && open(event)) event.preventDefault();
  });
}
