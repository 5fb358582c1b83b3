// @ts-check
/** The app's configuration in the menus of nodes: paste it, copy it, and what suits the model. */

import { FIELDS, looksLikeConfiguration, lorasOf } from "../../lib/configuration.js";
import { generateOf } from "../../lib/graph.js";
import { GENERATE, IMPORT_CONFIGURATION, LOAD_MODEL } from "../../lib/node_types.js";
import { valueOf } from "../../lib/values.js";
import { say } from "../../lib/words.js";
import { asOneChange, kindOf, widgetOf } from "../comfyui/nodes.js";
import { ask } from "../comfyui/routes.js";
import { problemBox, report, toast } from "../comfyui/toast.js";
import { readClipboard, writeClipboard } from "../parts/clipboard.js";
import { openDialog } from "../parts/dialog.js";
import { button, element } from "../parts/elements.js";
import { surroundingsOf } from "../state/surroundings.js";
import { LORA_ROWS, stacksOf, take, takeWidgets, tell } from "./apply.js";
import { isImportWired, wireImport } from "./import_node.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").MenuItem} MenuItem
 * @typedef {import("../../lib/configuration.js").Configuration} Configuration
 * @typedef {import("../../lib/links.js").Place} Place
 */

const PASTE = "Drawbridge.PasteConfiguration";
const COPY = "Drawbridge.CopyConfiguration";

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpConfiguration(app) {
  // Older frontends ask the node itself for its menu's entries, newer ones ask the extensions.
  const asksExtensions = "collectNodeMenuItems" in app;
  const selected = () => Object.values(app.canvas.selected_nodes).find((node) => isOurs(node));
  const onSelected = (/** @type {typeof paste | typeof copy} */ act) => () => {
    const node = selected();
    if (node) return act(app, node);
    return toast(app, "warn", say("configuration.unselected"), say("configuration.select"));
  };
  return {
    commands: [
      {
        id: PASTE,
        label: () => say("configuration.paste"),
        tooltip: say("configuration.paste"),
        icon: "pi pi-clipboard",
        function: onSelected(paste),
      },
      {
        id: COPY,
        label: () => say("configuration.copy"),
        tooltip: say("configuration.copy"),
        icon: "pi pi-copy",
        function: onSelected(copy),
      },
    ],
    // Vue nodes of older frontends have no menu of their own.
    getSelectionToolboxCommands: (item) => (isOurs(item) ? [PASTE, COPY] : []),
    getNodeMenuItems: (node) => menuOf(app, node),
    nodeCreated(node) {
      if (asksExtensions || !menuOf(app, node).length) return;
      const before = node.getExtraMenuOptions;
      node.getExtraMenuOptions = function (canvas, options) {
        const answer = before?.call(this, canvas, options);
        options.push(...menuOf(app, node), null);
        return answer;
      };
    },
  };
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @returns {MenuItem[]}
 */
function menuOf(app, node) {
  if (!isOurs(node)) return [];
  const generate = generateOf(node)?.node;
  /** @type {MenuItem[]} */
  const items = [
    { content: say("configuration.paste"), callback: () => void paste(app, node) },
    {
      content: say("configuration.copy"),
      disabled: !generate,
      callback: () => void copy(app, node),
    },
  ];
  if (node === generate) {
    items.push({
      content: say("configuration.recommended"),
      callback: () => void recommend(app, node),
    });
  }
  return items;
}

/**
 * Take the clipboard's configuration over; ask for a text where the clipboard has none.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
async function paste(app, node) {
  const text = await readClipboard();
  if (text !== null && looksLikeConfiguration(text)) {
    try {
      offerImport(app, await take(app, node, text));
      return;
    } catch (error) {
      askForText(app, node, text, error);
      return;
    }
  }
  askForText(app, node, "", null);
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {string} text
 * @param {unknown} problem null if there is none yet
 */
function askForText(app, node, text, problem) {
  const field = element("textarea", {
    rows: 12,
    spellcheck: "false",
    data: { field: "configuration" },
  });
  field.value = text;
  const trouble = element("div", { "aria-live": "polite" }, problem ? problemBox(problem) : null);
  const apply = async (/** @type {() => void} */ close) => {
    try {
      const left = await take(app, node, field.value);
      close();
      offerImport(app, left);
    } catch (error) {
      trouble.replaceChildren(problemBox(error));
      field.focus();
    }
  };
  openDialog({
    title: say("configuration.paste"),
    name: "paste-configuration",
    content: () => [element("p", {}, say("configuration.here")), field, trouble],
    actions: (close) => [
      button(say("dialog.cancel"), close, { action: "cancel" }),
      button(say("configuration.take"), () => apply(close), { kind: "main", action: "take" }),
    ],
  });
  field.focus();
}

/**
 * Offer a node for the settings that Generate has no widget for; one that is there is filled.
 *
 * @param {App} app
 * @param {{generate: GraphNode, found: Configuration} | null} left
 */
function offerImport(app, left) {
  if (!left) return;
  const { generate, found } = left;
  const { rest, rest_text } = found;
  const add = () => wireImport(app, generate, rest_text, rest.includes("controls"));
  if (isImportWired(generate)) {
    add();
    return;
  }
  openDialog({
    title: say("configuration.rest.title"),
    name: "rest",
    content: () => [element("p", {}, say("configuration.rest", { names: rest.join(", ") }))],
    actions: (close) => [
      button(say("configuration.rest.leave"), close, { action: "leave" }),
      button(
        say("configuration.rest.add"),
        () => {
          add();
          close();
        },
        { kind: "main", action: "add" },
      ),
    ],
  });
}

/**
 * Put the widgets around a node together to the app's text, and into the clipboard.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
async function copy(app, node) {
  const generate = generateOf(node);
  if (!generate) {
    toast(app, "warn", say("configuration.nothing"), say("configuration.wire"));
    return;
  }
  const { model, version } = surroundingsOf(app, generate.node, generate.hosts);
  // What only a run knows is told as it is shown.
  const valueAt = (/** @type {Place} */ place) => (/** @type {string} */ name) =>
    valueOf(place, name).value ?? widgetOf(place.node, name)?.value;
  const widgets = Object.fromEntries(FIELDS.map((name) => [name, valueAt(generate)(name)]));
  const loras = stacksOf(generate).flatMap((stack) => lorasOf(valueAt(stack), LORA_ROWS));
  try {
    const { text } = await ask(app.api, "configuration/write", { widgets, model, version, loras });
    if (await writeClipboard(text)) {
      toast(app, "success", say("configuration.copied"), say("configuration.copied.next"));
    } else {
      showText(text);
    }
  } catch (error) {
    report(app, error);
  }
}

/** @param {string} text */
function showText(text) {
  const field = element("textarea", { rows: 14, readonly: true, data: { field: "configuration" } });
  field.value = text;
  openDialog({
    title: say("configuration.copy"),
    name: "copy-configuration",
    content: () => [element("p", {}, say("configuration.there")), field],
  });
  field.focus();
  field.select();
  field.scrollTop = 0;
}

/**
 * Set Generate's widgets as the app recommends for its model.
 *
 * @param {App} app
 * @param {GraphNode} generate
 */
async function recommend(app, generate) {
  const { model, version } = surroundingsOf(app, generate);
  try {
    const { widgets, settings = {} } = await ask(app.api, "recommended", { model, version });
    if (!Object.keys(widgets).length) {
      toast(app, "warn", say("recommended.none"), say("recommended.none.remedy"));
      return;
    }
    const { taken, left } = asOneChange(app, () => takeWidgets(app, generate, widgets));
    const others = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
    tell(app, "recommended.taken", taken, [...left, ...others], []);
  } catch (error) {
    report(app, error);
  }
}

/** @param {GraphNode} node */
function isOurs(node) {
  return [GENERATE, LOAD_MODEL, IMPORT_CONFIGURATION].includes(kindOf(node));
}
