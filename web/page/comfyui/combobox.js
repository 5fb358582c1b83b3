// @ts-check
/**
 * Turns a node's text widget into one that opens a list.
 *
 * The widget stays ComfyUI's own: its value, its place in workflows, links into it, copies, undo
 * and subgraphs are ComfyUI's. On the canvas, how it is drawn and what a press does are ours, by two
 * members that LiteGraph has on every widget. Everywhere else the page shows it as a list or a text
 * field of its own, where a press opens our list as long as it is clear whose it is.
 */

import { isLinked } from "../../lib/values.js";
import { language } from "../../lib/words.js";
import { MARGIN_PX, drawCombobox } from "./combobox_drawing.js";
import { areaOnPage, everyNode, widgetOf } from "./nodes.js";
import { offerChoices, updateChoices } from "./page_list.js";
import { isView, originalOf } from "./promoted.js";
import { fieldAt, fieldOf, isNamed, nodeIdOf } from "./vue_elements.js";

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
 * @property {(spot: Spot) => readonly import("./page_list.js").Choice[]} [choices] for the page's
 *   own list; without them it shows a text field
 * @property {(spot: Spot) => string} [hint] what to say of the value besides the tooltip
 */

/**
 * `tooltip` is the widget's own, if it has one, and `replacement` what stands in its place. A view
 * has neither: it shows all that its `original` inside of a subgraph has.
 *
 * @typedef {object} Attachment
 * @property {Combobox} combobox
 * @property {Spot} spot
 * @property {string | undefined} [tooltip]
 * @property {string} [replacement]
 * @property {Widget} [original]
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
    const inside = originalOf(host, widget);
    const original = inside && widgetOf(inside.node, inside.name);
    const known = original && attachments.get(original);
    if (!inside || !known) continue;
    const { node, hosts } = inside;
    const spot = { node, widget, owner: host, hosts };
    if (isView(widget)) {
      attachments.set(widget, { combobox: known.combobox, spot, original });
    } else {
      attach(app, known.combobox, spot);
    }
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
    if (!known.original) {
      const replacement = hint && [hint, tooltipOf(known)].filter(Boolean).join("\n\n");
      // Without one of its own the page shows the definition's, in its language.
      if (known.replacement !== replacement) widget.tooltip = replacement || known.tooltip;
      known.replacement = replacement;
      if (known.combobox.choices) {
        updateChoices(known.spot.owner, widget, choicesOf(known.combobox, known.spot));
      }
    }
    const field = window.LiteGraph?.vueNodesMode && fieldOf(app, known.spot.owner, widget);
    if (!field) continue;
    field.dataset["drawbridgeTone"] = known.combobox.appearance(known.spot).tone;
    field.title = hint ?? "";
  }
}

/**
 * Return the choices of a widget, the one that it holds among them.
 *
 * @param {Combobox} combobox
 * @param {Spot} spot
 */
function choicesOf(combobox, spot) {
  const listed = combobox.choices?.(spot) ?? [];
  const value = String(spot.widget.value ?? "");
  if (listed.some((one) => one.value === value)) return listed;
  return [{ value, label: combobox.appearance(spot).text }, ...listed];
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
    before
      ? { ...before, combobox, spot }
      : { combobox, spot, tooltip: ownTooltip(spot) },
  );
  if (before) return;
  if (combobox.choices) offerChoices(app, widget, () => choicesOf(combobox, spot));
  // Frontend 1.27 copies these to the widget that a subgraph shows outside; `this` is that one.
  widget.drawWidget = function (context, { width, showText }) {
    const host = this.node ?? spot.owner;
    const here = spotOf(this, combobox, spot, host);
    drawCombobox(
      context,
      { ...combobox.appearance(here), off: isOff(host, this) },
      { width, y: this.y ?? 0, rough: showText === false },
    );
  };
  widget.onPointerDown = function (pointer, host) {
    const pressed = shownOn(host, this);
    if (isOff(host, pressed)) return true;
    const here = spotOf(pressed, combobox, spot, host);
    pointer.onClick = () => combobox.open(here, rectOf(app, host, pressed), undefined);
    return true;
  };
}

/**
 * Return the widget of a node that was pressed: a view passes that on to its original.
 *
 * @param {GraphNode} host
 * @param {Widget} widget
 */
function shownOn(host, widget) {
  const widgets = host.widgets ?? [];
  if (widgets.includes(widget)) return widget;
  return widgets.find((one) => attachments.get(one)?.original === widget) ?? widget;
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
 * Open lists beside the page's own fields, in the place of what it opens there.
 *
 * @param {App} app
 */
export function listenToFields(app) {
  const open = (/** @type {Event} */ event) => {
    const field = fieldAt(event.target);
    const widget = field && shownIn(app, field);
    if (!widget) return;
    const box = field.getAttribute("role") === "combobox" ? field.parentElement : field;
    if (!openList(widget, (box ?? field).getBoundingClientRect(), field)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  window.addEventListener("click", open, true);
  window.addEventListener(
    "keydown",
    (event) => {
      const field = fieldAt(event.target);
      const opens = field?.matches("input:not([role])") ? ["ArrowDown"] : KEYS;
      if (opens.includes(event.key)) open(event);
    },
    true,
  );
}

/** What opens the list of a field that takes no text. */
const KEYS = ["ArrowDown", "Enter", " "];

/**
 * Return the widget of ours that a field shows, undefined where that is not certain. Only the nodes
 * of the graph tell whose they are; the panel at the side shows what is selected, App mode some.
 *
 * @param {App} app
 * @param {HTMLElement} field
 */
function shownIn(app, field) {
  const id = nodeIdOf(field);
  const selected = Object.values(app.canvas.selected_nodes ?? {});
  const here = id ? [app.canvas.graph?.getNodeById(id)] : selected;
  const found = widgetsNamed(here, field);
  if (found.length || id) return found.length === 1 ? found[0] : undefined;
  const anywhere = widgetsNamed(everyNode(app), field);
  return anywhere.length === 1 ? anywhere[0] : undefined;
}

/**
 * @param {readonly (GraphNode | null | undefined)[]} nodes
 * @param {HTMLElement} field
 */
function widgetsNamed(nodes, field) {
  const widgets = nodes.flatMap((node) => node?.widgets ?? []);
  return widgets.filter((one) => attachments.has(one) && isNamed(field, one));
}
