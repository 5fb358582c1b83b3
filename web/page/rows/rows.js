// @ts-check
/** Lets LoRA Stack and Moodboard grow and shrink: rows in use, and one more. */

import { isNone } from "../../lib/catalog.js";
import { LORA_STACK, MOODBOARD } from "../../lib/node_types.js";
import { rowsToShow } from "../../lib/rows.js";
import { isLinked } from "../../lib/values.js";
import { debounceInChange } from "../comfyui/change.js";
import { onLinkChange, onWidgetChange } from "../comfyui/events.js";
import { changeHeight, onNewNode, rememberHeight } from "../comfyui/node_height.js";
import { everyNode, typeOf, widgetOf } from "../comfyui/nodes.js";
import { isFrozen, setHidden } from "../comfyui/widgets.js";
import { onAnyChange } from "../state/changes.js";
import { showSlots } from "./slots.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").InputSlot} InputSlot
 */

/**
 * @typedef {object} Shape
 * @property {readonly string[]} widgets of a row, without their number
 * @property {string} decides the widget or slot that says whether a row is in use
 * @property {string} [slot] a slot of a row that is no widget's, without its number
 */

/** @type {Readonly<Record<string, Shape>>} */
const SHAPES = {
  [LORA_STACK]: { widgets: ["lora", "weight", "mode"], decides: "lora" },
  [MOODBOARD]: { widgets: ["weight"], decides: "image", slot: "image" },
};

/**
 * The slots of a node's definition, before rows were hidden.
 *
 * @type {WeakMap<GraphNode, readonly InputSlot[]>}
 */
const definedSlots = new WeakMap();

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpRows(app) {
  const updateAll = () => {
    for (const node of everyNode(app)) updateRows(app, node);
  };
  return {
    setup: () => onAnyChange(app, updateAll),
    nodeCreated(node) {
      const shape = shapeOf(node);
      if (!shape) return;
      definedSlots.set(node, [...node.inputs]);
      rememberHeight(node);
      onNewNode(app, node, () => startLow(app, node, shape));
      // Not now: a workflow's values and links are put into the complete node first.
      const update = debounceInChange(app, () => updateRows(app, node));
      for (const widget of node.widgets ?? []) {
        if (widget.name.startsWith(`${shape.decides}_`)) onWidgetChange(widget, update);
      }
      onLinkChange(node, update);
      update();
    },
    afterConfigureGraph: updateAll,
  };
}

/**
 * Show as many rows as are in use, and one more. Does nothing to nodes without rows.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
export function updateRows(app, node) {
  const shape = shapeOf(node);
  if (!shape || !node.graph) return;
  changeHeight(node, () => {
    const { slot } = shape;
    const shown = rowsShown(app, node, shape);
    const changed = showWidgets(node, shape, shown);
    if (!slot) return changed;
    const defined = definedSlots.get(node) ?? node.inputs;
    return showSlots(node, defined, (name) => rowOf(name, [slot]) > shown) || changed;
  });
}

/**
 * Give a new node the height that it has without the rows that are hidden, before it is shown.
 * Whoever adds it may still link any of its slots: those are taken away only afterwards.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {Shape} shape
 */
function startLow(app, node, shape) {
  const shown = rowsShown(app, node, shape);
  changeHeight(node, () => showWidgets(node, shape, shown));
  const { slot = "" } = shape;
  const { length } = node.inputs.filter(({ name }) => rowOf(name, [slot]) > shown);
  const [width, height] = node.size;
  if (length) node.setSize([width, height - length * (window.LiteGraph?.NODE_SLOT_HEIGHT ?? 0)]);
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {Shape} shape
 * @returns {number} of rows
 */
function rowsShown(app, node, shape) {
  const used = rowsInUse(node, shape);
  return isFrozen(app, node) ? used.length : rowsToShow(used);
}

/**
 * Show the widgets of so many rows; return whether that changed anything.
 *
 * @param {GraphNode} node
 * @param {Shape} shape
 * @param {number} shown
 */
function showWidgets(node, { widgets }, shown) {
  let changed = false;
  for (const widget of node.widgets ?? []) {
    const row = rowOf(widget.name, widgets);
    if (row) changed = setHidden(node, widget, row > shown) || changed;
  }
  return changed;
}

/** @param {GraphNode} node */
function shapeOf(node) {
  return SHAPES[typeOf(node)];
}

/**
 * @param {GraphNode} node
 * @param {Shape} shape
 * @returns {boolean[]}
 */
function rowsInUse(node, { widgets, decides, slot }) {
  const names = [...widgets, ...(slot ? [slot] : [])];
  return Array.from({ length: rowCount(node, widgets[0] ?? "") }, (_, index) => {
    const named = widgetOf(node, `${decides}_${index + 1}`);
    return (
      (!!named && !isNone(named.value)) ||
      names.some((name) => isLinked(node, `${name}_${index + 1}`))
    );
  });
}

/**
 * @param {GraphNode} node
 * @param {string} name
 */
function rowCount(node, name) {
  return Math.max(0, ...(node.widgets ?? []).map((widget) => rowOf(widget.name, [name])));
}

/**
 * Return the number of the row that a widget or slot belongs to, 0 if it is none's.
 *
 * @param {string} name such as "weight_3"
 * @param {readonly string[]} names such as "weight"
 */
function rowOf(name, names) {
  const found = /^(.+)_(\d+)$/.exec(name);
  return found && names.includes(found[1] ?? "") ? Number(found[2]) : 0;
}
