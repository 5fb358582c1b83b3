// @ts-check
/** Lets people choose a size that suits the model, at the end of Generate. */

import { debounce } from "../../lib/debounce.js";
import { GENERATE } from "../../lib/node_types.js";
import { readSize, sizeEntries } from "../../lib/sizes.js";
import { isLinked } from "../../lib/values.js";
import { say } from "../../lib/words.js";
import { asOneChange } from "../comfyui/change.js";
import { onWidgetChange } from "../comfyui/events.js";
import { everyNode, setValue, typeOf, widgetOf } from "../comfyui/nodes.js";
import { renew } from "../comfyui/widgets.js";
import { onAnyChange } from "../state/changes.js";
import { versionsOf } from "../state/versions.js";
import { surroundingsOf } from "../state/surroundings.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

/** The widget's name; it holds nothing of its own and is not saved. */
const PRESET = "size_preset";

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpSizes(app) {
  const updateAll = debounce(() => {
    for (const node of everyNode(app)) updateSizes(app, node);
  });
  return {
    setup: () => onAnyChange(app, updateAll),
    nodeCreated(node) {
      if (typeOf(node) !== GENERATE) return;
      const update = debounce(() => updateSizes(app, node));
      const choose = (/** @type {unknown} */ entry) => {
        chooseSize(app, node, entry);
        update();
      };
      // At the end, and not saved: the values of workflows stay where they are.
      const widget = node.addWidget("combo", PRESET, "", choose, { values: [], serialize: false });
      widget.serialize = false;
      widget.label = say("sizes.label");
      widget.tooltip = say("sizes.tooltip");
      for (const name of ["width", "height"]) {
        const side = widgetOf(node, name);
        if (side) onWidgetChange(side, update);
      }
      updateSizes(app, node); // now, too: frozen Vue nodes show what is there when a node is added
      update();
    },
    afterConfigureGraph: updateAll,
  };
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {unknown} entry
 */
function chooseSize(app, node, entry) {
  const width = widgetOf(node, "width");
  const height = widgetOf(node, "height");
  if (!width || !height) return;
  const size =
    entry === say("sizes.swap")
      ? { width: Number(height.value), height: Number(width.value) }
      : readSize(entry);
  if (!size) return;
  asOneChange(app, () => {
    if (!isLinked(node, "width")) setValue(app, node, width, size.width);
    if (!isLinked(node, "height")) setValue(app, node, height, size.height);
  });
}

/**
 * Offer the sizes of the node's model. Does nothing to nodes without that widget.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
function updateSizes(app, node) {
  const widget = widgetOf(node, PRESET);
  if (!widget) return;
  const version = node.graph ? surroundingsOf(app, node).version : "";
  const sizes = versionsOf(app)?.versions[version]?.sizes ?? [];
  const [width, height] = ["width", "height"].map((name) => Number(widgetOf(node, name)?.value));
  const { entries, chosen } = sizeEntries(sizes, width ?? 0, height ?? 0);
  const values = width === height ? entries : [...entries, say("sizes.swap")];
  const known = Array.isArray(widget.options.values) ? widget.options.values : [];
  if (widget.value !== chosen) widget.value = chosen;
  if (known.join("\n") !== values.join("\n")) {
    widget.options.values = values;
    renew(node, [widget]);
  }
  widget.disabled = isLinked(node, "width") && isLinked(node, "height");
}
