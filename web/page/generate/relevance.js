// @ts-check
/** Dims widgets that do not count: the chosen model does not read them, or others overrule them. */

import { isNone } from "../../lib/catalog.js";
import { debounce } from "../../lib/debounce.js";
import { generateOf } from "../../lib/graph.js";
import { GENERATE, SETTINGS_PREFIX, SETTINGS_REFINER } from "../../lib/node_types.js";
import { winNote } from "../../lib/overruled.js";
import { unreadWidgets } from "../../lib/relevance.js";
import { say } from "../../lib/words.js";
import { everyNode, typeOf, widgetOf } from "../comfyui/nodes.js";
import { nameBoxes } from "../comfyui/text_boxes.js";
import { rowSelectorOf, selectorOf } from "../comfyui/vue_elements.js";
import { renewLooks, setDimmed } from "../comfyui/widgets.js";
import { onAnyChange } from "../state/changes.js";
import { versionsOf } from "../state/versions.js";
import { surroundingsOf } from "../state/surroundings.js";
import { showWin, winsOf } from "./overruled.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

const MOST_READERS = 6; // that a tooltip names

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpRelevance(app) {
  const update = debounce(() => updateRelevance(app, update));
  return {
    setup: () => onAnyChange(app, update),
    nodeCreated(node) {
      if (!isOurs(node)) return;
      nameBoxes(node);
      update();
    },
    afterConfigureGraph: update,
  };
}

/**
 * @param {App} app
 * @param {() => void} again called when more is known
 */
function updateRelevance(app, again) {
  const known = versionsOf(app);
  const nodes = everyNode(app);
  const refined = new Set(nodes.filter(isRefining).map((node) => generateOf(node)?.node));
  /** @type {string[]} */
  const rows = [];
  for (const node of nodes.filter(isOurs)) {
    const seen = surroundingsOf(app, node);
    const { version } = seen;
    const widgets = node.widgets ?? [];
    const wins = typeOf(node) === GENERATE ? winsOf(app, node, seen, again) : {};
    const names = unreadWidgets(
      widgets.map(({ name }) => name),
      version,
      refined.has(generateOf(node)?.node),
      known,
    );
    const called = widgets.filter((widget) => showWin(widget, wins[widget.name]));
    const dimmed = widgets.filter((widget) => {
      const win = wins[widget.name];
      const note = names.has(widget.name) ? noteOf(widget.name, version, known) : "";
      return setDimmed(widget, note || (win ? winNote(win) : ""));
    });
    for (const name of Object.keys(wins)) names.add(name);
    renewLooks(node, [...new Set([...called, ...dimmed])]);
    if (node.graph === app.canvas.graph) {
      const unread = widgets.filter(({ name }) => names.has(name));
      rows.push(...unread.map((widget) => `${selectorOf(node)} ${rowSelectorOf(widget)}`));
    }
  }
  dimRows(rows);
}

/**
 * Return why a model does not read a widget.
 *
 * @param {string} name
 * @param {string} version
 * @param {import("../../lib/relevance.js").Versions | null} known
 */
function noteOf(name, version, known) {
  const called = (/** @type {string} */ one) => known?.versions[one]?.name ?? one;
  const model = called(version);
  const readers = [...new Set(known?.matters_for[name]?.map(called))];
  if (!readers.length) return say("relevance.unread.none", { model });
  if (readers.length > MOST_READERS) return say("relevance.unread.others", { model });
  return say("relevance.unread", { model, readers: readers.join(", ") });
}

/**
 * Have the rows of Vue nodes dimmed whole: the page only dims the buttons of disabled numbers.
 *
 * @param {readonly string[]} selectors
 */
function dimRows(selectors) {
  const name = "data-drawbridge-dimmed";
  let style = document.querySelector(`style[${name}]`);
  if (!style) {
    style = document.createElement("style");
    style.setAttribute(name, "");
    document.head.append(style);
  }
  const rows = selectors.join(",\n");
  // The page dims disabled texts strongly by itself; 1.36 does not know that they are.
  const rule = rows && `:is(${rows}) { opacity: 0.45; &:has(textarea:read-only) { opacity: 0.85; } }`;
  if (style.textContent !== rule) style.textContent = rule;
}

/** @param {GraphNode} node */
function isRefining(node) {
  return typeOf(node) === SETTINGS_REFINER && !isNone(widgetOf(node, "refiner_model")?.value);
}

/** @param {GraphNode} node */
function isOurs(node) {
  const type = typeOf(node);
  return type === GENERATE || type.startsWith(SETTINGS_PREFIX);
}
