// @ts-check
/** Shows a picture of ComfyUI's temporary folder as a node's preview. */

/** @typedef {import("../../comfyui.js").App} App */

/** What tells the page of a preview, with the node that it belongs to. */
export const PREVIEW_EVENT = "b_preview_with_metadata";

/**
 * Show a picture as if it were a preview that has just come; does nothing if it is gone.
 *
 * @param {App} app
 * @param {string} node its path, from graph to graph inside
 * @param {string} name of the picture's file
 */
export async function showAsPreview(app, node, name) {
  const query = new URLSearchParams({ filename: name, type: "temp", subfolder: "" });
  const answer = await app.api.fetchApi(`/view?${query}`);
  if (!answer.ok) return;
  const blob = await answer.blob();
  const ids = { nodeId: node, displayNodeId: node, realNodeId: node, parentNodeId: node };
  const detail = { blob, ...ids, jobId: "", promptId: "" };
  app.api.dispatchEvent(new CustomEvent(PREVIEW_EVENT, { detail }));
}
