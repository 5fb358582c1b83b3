// @ts-check
/** The app's configuration in the menus of nodes: paste it, copy it, and what suits the model. */

import { generateOf } from "../../lib/graph.js";
import { GENERATE, IMPORT_CONFIGURATION, LOAD_MODEL } from "../../lib/node_types.js";
import { say } from "../../lib/words.js";
import { typeOf } from "../comfyui/nodes.js";
import { toast } from "../comfyui/toast.js";
import { copy } from "./copy.js";
import { paste } from "./paste.js";
import { choosePicture } from "./picture.js";
import { takePreset } from "./presets.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").MenuItem} MenuItem
 */

const PASTE = "Drawbridge.PasteConfiguration";
const COPY = "Drawbridge.CopyConfiguration";
const PICTURE = "Drawbridge.PictureSettings";
const RECOMMEND = "Drawbridge.RecommendedSettings";

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpConfiguration(app) {
  // Older frontends ask the node itself for its menu's entries, newer ones ask the extensions.
  const asksExtensions = "collectNodeMenuItems" in app;
  const selected = () => Object.values(app.canvas.selected_nodes).find((node) => isOurs(node));
  const onSelected = (/** @type {(app: App, node: GraphNode) => unknown} */ act) => () => {
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
        id: PICTURE,
        label: () => say("configuration.picture"),
        tooltip: say("configuration.picture"),
        icon: "pi pi-image",
        function: onSelected(choosePicture),
      },
      {
        id: COPY,
        label: () => say("configuration.copy"),
        tooltip: say("configuration.copy"),
        icon: "pi pi-copy",
        function: onSelected(copy),
      },
      {
        id: RECOMMEND,
        label: () => say("configuration.recommended"),
        tooltip: say("configuration.recommended"),
        icon: "pi pi-star",
        function: onSelected(recommend),
      },
    ],
    // Vue nodes of older frontends have no menu of their own.
    getSelectionToolboxCommands: (item) => (isOurs(item) ? [PASTE, PICTURE, COPY, RECOMMEND] : []),
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
    { content: say("configuration.picture"), callback: () => choosePicture(app, node) },
    {
      content: say("configuration.copy"),
      disabled: !generate,
      callback: () => void copy(app, node),
    },
  ];
  items.push({
    content: say("configuration.recommended"),
    disabled: !generate,
    callback: () => void recommend(app, node),
  });
  return items;
}

/**
 * @param {App} app
 * @param {GraphNode} node
 */
function recommend(app, node) {
  return takePreset(app, node, "");
}

/** @param {GraphNode} node */
function isOurs(node) {
  return [GENERATE, LOAD_MODEL, IMPORT_CONFIGURATION].includes(typeOf(node));
}
