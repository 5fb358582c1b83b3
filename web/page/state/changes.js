// @ts-check
/** One event for whatever may change what the page shows: the graph, servers, models. */

import { loadVersions } from "./versions.js";
import { serversOf } from "./servers.js";

/** @typedef {import("../../comfyui.js").App} App */

/**
 * Call `after`, at most once a frame, whenever something that is shown of the graph may look
 * different: it was edited, another part of it is shown, or more is known of servers or models.
 *
 * @param {App} app
 * @param {() => void} after
 */
export function onAnyChange(app, after) {
  let frame = 0;
  const later = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      after();
    });
  };
  app.api.addEventListener("graphChanged", later);
  app.canvas.canvas.addEventListener("litegraph:set-graph", later);
  app.ui.settings.addEventListener("Comfy.VueNodes.Enabled.change", later);
  serversOf(app).addEventListener("change", later);
  void loadVersions(app).then(later);
}
