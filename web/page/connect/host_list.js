// @ts-check
/** Offers the servers that are saved or nearby where Connect asks for a host. */

import { addressOf, meansDefault, readAddress } from "../../lib/addresses.js";
import { CONNECT_WIDGETS, DEFAULT_SERVER } from "../../lib/facts.js";
import { matches, searchWords } from "../../lib/search.js";
import { keyOf } from "../../lib/servers.js";
import { serverOf } from "../../lib/surroundings.js";
import { transportLabel } from "../../lib/transports.js";
import { isLinked } from "../../lib/values.js";
import { say } from "../../lib/words.js";
import { asOneChange } from "../comfyui/change.js";
import { labelOf, setValue, widgetOf } from "../comfyui/nodes.js";
import { openPopover } from "../parts/popover.js";
import { nearbyOf, searchNearby } from "../state/nearby_servers.js";
import { defaultServerOf, loadSaved, savedServersOf } from "../state/saved_servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../lib/addresses.js").SavedServer} SavedServer
 * @typedef {import("../../routes.js").Nearby} Nearby
 * @typedef {import("../comfyui/combobox.js").Spot} Spot
 * @typedef {import("../parts/list.js").Notice} Notice
 * @typedef {import("../parts/list.js").Row} Row
 */

/**
 * @param {App} app
 * @returns {import("../comfyui/combobox.js").Combobox}
 */
export function hostCombobox(app) {
  return {
    appearance: ({ widget }) => ({
      label: labelOf(widget),
      text: hostText(app, String(widget.value ?? "")),
      tone: "plain",
    }),
    open(spot, beside, opener) {
      void loadSaved(app);
      openPopover({
        beside,
        opener,
        label: labelOf(spot.widget),
        value: serverKey(spot),
        typed: String(spot.widget.value ?? ""),
        placeholder: say("connect.host.search"),
        view: (query) => serverView(app, query === String(spot.widget.value ?? "") ? "" : query),
        choose: (row) => takeServer(app, spot, row),
      });
    },
  };
}

/**
 * Return a host as people read it.
 *
 * @param {App} app
 * @param {string} host
 */
function hostText(app, host) {
  if (!meansDefault(host)) return host;
  const name = defaultServerOf(app)?.name;
  return name ? say("connect.default.named", { name }) : say("connect.default");
}

/** @param {Spot} spot */
function serverKey({ node, hosts }) {
  const server = serverOf({ node, hosts });
  return server ? keyOf(server) : "";
}

/**
 * @param {App} app
 * @param {string} query
 * @returns {import("../parts/list.js").View}
 */
function serverView(app, query) {
  const saved = savedServersOf(app);
  const nearby = nearbyOf(app);
  const wanted = searchWords(query);
  const found = (/** @type {Nearby} */ one) =>
    matches({ file: addressOf(one), name: one.name }, wanted);
  const row = (/** @type {Nearby | SavedServer} */ one) => ({
    value: "credential" in one ? keyOf(one) : `nearby ${addressOf(one)} ${one.transport}`,
    title: one.name,
    subtitle: [addressOf(one), transportLabel(one.transport)].join(" · "),
    item: one,
  });
  const own = defaultServerOf(app);
  const standard = {
    value: DEFAULT_SERVER,
    title: say("connect.default"),
    subtitle: own ? [own.name, addressOf(own)].join(" · ") : say("connect.default.none"),
  };
  const look = () => void searchNearby(app);
  const busy = nearby.state === "looking";
  return {
    sections: [
      { heading: "", rows: wanted.length ? [] : [standard] },
      { heading: say("connect.servers.saved"), rows: saved.filter(found).map(row) },
      { heading: say("nearby.title"), rows: nearby.servers.filter(found).map(row) },
    ],
    notices: noticesOf(nearby, look),
    refresh:
      nearby.state === "unasked" ? undefined : { text: say("nearby.look"), busy, press: look },
  };
}

/**
 * @param {import("../state/nearby_servers.js").Search} nearby
 * @param {() => void} look
 * @returns {Notice[]}
 */
function noticesOf({ state, servers, error }, look) {
  if (state === "unasked") {
    const remedy = { text: say("connect.look"), press: look, quiet: true };
    return [{ kind: "info", text: say("nearby.title"), remedy }];
  }
  if (state === "looking") return [{ kind: "busy", text: say("nearby.looking") }];
  if (state === "unavailable") return [{ kind: "info", text: say("nearby.missing") }];
  if (error) return [{ kind: "warning", text: error.problem, detail: error.remedy }];
  return servers.length ? [] : [{ kind: "info", text: say("nearby.none") }];
}

/**
 * @param {App} app
 * @param {Spot} spot
 * @param {Row} row a server, or a host as it was typed
 */
function takeServer(app, { node, widget, owner }, row) {
  const server = /** @type {Partial<SavedServer> | undefined} */ (row.item);
  if (!server) {
    // What is pasted may be a URL, or have a port.
    const { host, port } = readAddress(row.value, 0);
    asOneChange(app, () => {
      setValue(app, owner, widget, host || row.value);
      const target = port ? freeWidgetOf(node, "port") : undefined;
      if (target) setValue(app, node, target, port);
    });
    return;
  }
  asOneChange(app, () => {
    for (const name of CONNECT_WIDGETS) {
      const value = server[name];
      const target = name === "host" ? widget : freeWidgetOf(node, name);
      if (value === undefined || !target) continue;
      setValue(app, name === "host" ? owner : node, target, value);
    }
    const atOnce = "credential" in server ? freeWidgetOf(node, "at_once") : undefined;
    if (atOnce) setValue(app, node, atOnce, server.at_once ?? 1);
  });
}

/**
 * Return the widget of a name whose value comes by no link, so that it is the one that counts.
 *
 * @param {GraphNode} node
 * @param {string} name
 */
function freeWidgetOf(node, name) {
  return isLinked(node, name) ? undefined : widgetOf(node, name);
}
