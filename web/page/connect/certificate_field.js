// @ts-check
/** Shows Connect's field for a certificate only where the transport reads one. */

import { TRANSPORT } from "../../lib/facts.js";
import { CONNECT } from "../../lib/node_types.js";
import { isLinked } from "../../lib/values.js";
import { debounceInChange } from "../comfyui/change.js";
import { onLinkChange, onWidgetChange } from "../comfyui/events.js";
import { changeHeight, onNewNode, rememberHeight } from "../comfyui/node_height.js";
import { everyNode, typeOf, widgetOf } from "../comfyui/nodes.js";
import { isFrozen, setHidden } from "../comfyui/widgets.js";
import { onAnyChange } from "../state/changes.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpCertificateField(app) {
  const updateAll = () => {
    for (const node of everyNode(app)) updateCertificateField(app, node);
  };
  return {
    setup: () => onAnyChange(app, updateAll),
    nodeCreated(node) {
      if (typeOf(node) !== CONNECT) return;
      rememberHeight(node);
      onNewNode(app, node, () => updateCertificateField(app, node));
      // Not now: a workflow's values and links are put into the complete node first.
      const update = debounceInChange(app, () => updateCertificateField(app, node));
      const transport = widgetOf(node, "transport");
      if (transport) onWidgetChange(transport, update);
      onLinkChange(node, update);
      update();
    },
    afterConfigureGraph: updateAll,
  };
}

/**
 * Show the field for a transport that reads it, or whose value comes by a link and is not known;
 * hide it for the others. Does nothing to other nodes, nor where nodes cannot change.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
export function updateCertificateField(app, node) {
  if (typeOf(node) !== CONNECT || !node.graph || isFrozen(app, node)) return;
  const transport = widgetOf(node, "transport");
  const field = widgetOf(node, "certificate");
  if (!transport || !field) return;
  const isRead =
    transport.value === TRANSPORT.authority ||
    isLinked(node, "transport") ||
    isLinked(node, "certificate");
  changeHeight(node, () => setHidden(node, field, !isRead));
}
