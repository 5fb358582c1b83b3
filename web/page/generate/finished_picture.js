// @ts-check
/** Shows on Generate what it has finished, also on a page that was opened since. */

import { FINISHED } from "../../lib/facts.js";
import { picturesOf, rememberPicture } from "../../lib/kept_pictures.js";
import { GENERATE } from "../../lib/node_types.js";
import { shownNodes } from "../comfyui/nodes.js";
import { PREVIEW_EVENT, showAsPreview } from "../comfyui/preview.js";
import { untilDrawn } from "../comfyui/text_boxes.js";

/** @typedef {import("../../comfyui.js").App} App */

/**
 * @param {App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpFinishedPictures(app) {
  /** @type {Set<string>} nodes whose previews have come in this prompt, the finished one last */
  const live = new Set();
  let opened = false;
  return {
    setup() {
      app.api.addEventListener("execution_start", () => live.clear());
      app.api.addEventListener(PREVIEW_EVENT, (event) => {
        live.add(String(/** @type {CustomEvent} */ (event).detail?.displayNodeId));
      });
      app.api.addEventListener("executed", (event) => {
        const { node, display_node: shown = node, output } = /** @type {CustomEvent} */ (event).detail;
        const name = output?.[FINISHED]?.at(-1);
        if (typeof name !== "string") return;
        rememberPicture(sessionStorage, graphId(app), String(shown), name);
        if (!live.has(String(shown))) void showAsPreview(app, String(shown), name);
      });
    },
    async afterConfigureGraph() {
      // A graph that is loaded later, be it the same, is another beginning.
      if (opened) return;
      const pictures = picturesOf(sessionStorage, graphId(app));
      if (!pictures.size) return;
      opened = true;
      await untilDrawn(app, shownNodes(app, GENERATE));
      await Promise.all([...pictures].map(([node, name]) => showAsPreview(app, node, name)));
    },
  };
}

/** @param {App} app */
function graphId(app) {
  return String((app.rootGraph ?? app.graph)?.id ?? "");
}
