// @ts-check
/** Shows on Connect how its server is. */

import { freeName, meansDefault } from "../../lib/addresses.js";
import { connectStatus } from "../../lib/connect_status.js";
import { CONNECT_WIDGETS } from "../../lib/facts.js";
import { CONNECT } from "../../lib/node_types.js";
import { keyOf } from "../../lib/servers.js";
import { serverOf } from "../../lib/surroundings.js";
import { transportLabel } from "../../lib/transports.js";
import { say } from "../../lib/words.js";
import { attachCombobox } from "../comfyui/combobox.js";
import { onNodeAdded, onWidgetChange } from "../comfyui/events.js";
import { everyNode, typeOf, widgetOf } from "../comfyui/nodes.js";
import { CHANGE_EVENT } from "../comfyui/routes.js";
import { toastError } from "../comfyui/toast.js";
import { bodyOf, elementOf } from "../comfyui/vue_elements.js";
import { onNodesRendered } from "../comfyui/vue_observer.js";
import { isFrozen, renewLooks, setDimmed } from "../comfyui/widgets.js";
import { button, element as make } from "../parts/elements.js";
import { askAsOwner } from "../secret/owner.js";
import { onAnyChange } from "../state/changes.js";
import { defaultServerOf, loadSaved, savedServersOf } from "../state/saved_servers.js";
import { askServersOfGraph, serversOf } from "../state/servers.js";
import { credentialCombobox } from "./credential_list.js";
import { hostCombobox } from "./host_list.js";
import { openSetup } from "./setup_dialog.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../lib/servers.js").Server} Server
 */

const HEIGHT_PX = 82;
const WIDTH_PX = 330;
const MARGIN_PX = 8;
const TYPING_MS = 500;

/** Shows the state of the server anew, by node. */
/** @type {WeakMap<GraphNode, () => void>} */
const panels = new WeakMap();

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpConnect(app) {
  const showAll = () => {
    for (const node of everyNode(app)) panels.get(node)?.();
  };
  return {
    setup() {
      onAnyChange(app, showAll);
      // What another part of the page has saved counts at once.
      app.api.addEventListener(CHANGE_EVENT, () => void loadSaved(app));
      void loadSaved(app);
    },
    nodeCreated(node) {
      if (typeOf(node) !== CONNECT) return;
      const host = widgetOf(node, "host");
      const credential = widgetOf(node, "credential");
      if (host) attachCombobox(app, node, host, hostCombobox(app));
      if (credential) attachCombobox(app, node, credential, credentialCombobox(app));
      addPanel(app, node);
      onNodesRendered(node, showAll);
    },
    afterConfigureGraph: showAll,
  };
}

/**
 * @param {App} app
 * @param {GraphNode} node
 */
function addPanel(app, node) {
  const server = () => serverOf({ node, hosts: [] });
  const testServer = () => {
    const asked = server();
    if (asked) void serversOf(app).ask(asked, { pressed: true, refresh: true });
  };
  const state = make("span", { class: "drawbridge-state-title", role: "status" });
  // Keys must reach it: it scrolls where there is more to say than room.
  const detail = make("div", {
    class: "drawbridge-state-detail",
    tabindex: "0",
    "aria-live": "polite",
  });
  const test = button(say("connect.test"), testServer, { icon: "bolt", action: "test" });
  test.title = say("connect.test.hint");
  const setUp = button(say("connect.setup"), () => openSetup(app), {
    icon: "plus",
    action: "setup",
  });
  setUp.title = say("connect.setup.hint");
  const save = button(say("connect.save"), () => saveServer(app, node, server()), {
    icon: "bookmark",
    action: "save",
    bare: true,
  });
  const panel = make(
    "div",
    { class: "drawbridge-state", data: { drawbridge: "connect" } },
    make(
      "div",
      { class: "drawbridge-state-line" },
      make("span", { class: "drawbridge-state-dot" }),
      state,
      setUp,
      test,
      save,
    ),
    detail,
  );
  const widget = node.addDOMWidget("status", "drawbridge_status", panel, {
    serialize: false,
    hideOnZoom: true,
    margin: MARGIN_PX,
    getMinHeight: () => HEIGHT_PX + 2 * MARGIN_PX,
  });
  widget.serialize = false;
  keepWheel(panel, detail);
  node.setSize([Math.max(node.size[0], WIDTH_PX), Math.max(node.size[1], node.computeSize()[1])]);

  const show = () => {
    if (!node.graph) return;
    const named = server();
    const known = named && serversOf(app).get(named);
    const name = named ? savedName(app, named) : null;
    const isDefault = !!named && meansDefault(named.host);
    const status = connectStatus(known, name, isDefault);
    dimOthers(app, node, isDefault);
    panel.dataset.state = status.state;
    panel.toggleAttribute("data-asking", !!known?.asking);
    setText(state, status.title);
    state.title = status.title;
    setText(detail, status.detail);
    detail.title = status.detail;
    // The press that ends an edit makes the page ask, and must count for this as well.
    test.disabled = !named;
    test.hidden = status.state === "unset";
    setUp.hidden = !test.hidden;
    save.disabled = !named || name !== null || isDefault;
    save.querySelector("i")?.setAttribute("class", `pi pi-bookmark${name === null ? "" : "-fill"}`);
    save.title = name === null ? say("connect.save.hint") : say("connect.saved.as", { name });
    save.setAttribute("aria-label", save.title);
    widget.triggerDraw?.();
  };
  panels.set(node, () => {
    if (!takePlace(app, node, panel) && isFrozen(app, node)) bodyOf(app, node)?.append(panel);
    show();
  });
  // Which kind of Vue node it gets can be told only when it has been added.
  onNodeAdded(node, () => {
    takePlace(app, node, panel);
    show();
  });
  let typing = 0;
  for (const name of CONNECT_WIDGETS) {
    const part = widgetOf(node, name);
    if (!part) continue;
    onWidgetChange(part, () => {
      show();
      clearTimeout(typing);
      typing = window.setTimeout(() => {
        askServersOfGraph(app);
        serversOf(app).changed(); // another one counts from now on
      }, TYPING_MS);
    });
  }
}

/**
 * Put a panel where that of an earlier node stands; return whether it is on the page then.
 *
 * Undo and loading make each node anew with its number, for which the page keeps the Vue node that
 * it has: 1.36 leaves in it the panel that it took from the node before.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {HTMLElement} panel
 */
function takePlace(app, node, panel) {
  if (!panel.isConnected) {
    elementOf(app, node)?.querySelector("[data-drawbridge=connect]")?.replaceWith(panel);
  }
  return panel.isConnected;
}

/**
 * Dim what is not read of a Connect that names the default server; each says what counts instead.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {boolean} isDefault
 */
function dimOthers(app, node, isDefault) {
  const own = defaultServerOf(app);
  const changed = [];
  for (const part of CONNECT_WIDGETS) {
    const widget = widgetOf(node, part);
    if (part === "host" || !widget) continue;
    const value = own && (part === "transport" ? transportLabel(own.transport) : own[part]);
    const note = own
      ? say("connect.default.wins", { name: own.name, value: value || say("picker.none") })
      : say("connect.default.wins.unknown");
    if (setDimmed(widget, isDefault ? note : "")) changed.push(widget);
  }
  renewLooks(node, changed);
}

/**
 * Keep ComfyUI from zooming where the wheel scrolls a text that is too long.
 *
 * @param {HTMLElement} panel
 * @param {HTMLElement} detail
 */
function keepWheel(panel, detail) {
  panel.addEventListener("wheel", (event) => {
    const isOver = event.target instanceof Element && detail.contains(event.target);
    if (isOver && detail.scrollHeight > detail.clientHeight) event.stopPropagation();
  });
}

/**
 * Set a text unless it is there already, which would be read aloud again.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {Server | null} server
 */
async function saveServer(app, node, server) {
  if (!server) return;
  const taken = savedServersOf(app).map(({ name }) => name);
  try {
    const name = freeName(server.host, taken);
    const atOnce = Number(widgetOf(node, "at_once")?.value ?? 1);
    await askAsOwner(app.api, "servers/save", { name, ...server, at_once: atOnce });
  } catch (error) {
    toastError(app, error);
  }
}

/**
 * @param {App} app
 * @param {Server} server
 */
function savedName(app, server) {
  if (meansDefault(server.host)) return defaultServerOf(app)?.name ?? null;
  const key = keyOf(server);
  return savedServersOf(app).find((one) => keyOf(one) === key)?.name ?? null;
}
