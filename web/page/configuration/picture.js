// @ts-check
/** Takes over what a picture of Draw Things tells of how it was made, prompts included. */

import { base64Of, descriptionOf } from "../../lib/png.js";
import { Problem } from "../../lib/problem.js";
import { say } from "../../lib/words.js";
import { toastError } from "../comfyui/toast.js";
import { element } from "../parts/elements.js";
import { applyPicture } from "./apply.js";
import { offerImport } from "./paste.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

/**
 * Ask for a picture, and take its settings over around a node.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
export function choosePicture(app, node) {
  const field = element("input", { type: "file", accept: "image/png,.png", hidden: true });
  const done = () => field.remove();
  field.addEventListener("cancel", done);
  field.addEventListener("change", () => {
    const [file] = field.files ?? [];
    done();
    if (file) void takePicture(app, node, file);
  });
  document.body.append(field); // Safari wants it there
  field.click();
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {File} file
 */
async function takePicture(app, node, file) {
  try {
    const told = descriptionOf(new Uint8Array(await file.arrayBuffer()));
    if (!told) {
      const problem = say("configuration.picture.none", { file: file.name });
      throw new Problem({ problem, remedy: say("configuration.picture.none.remedy") });
    }
    offerImport(app, await applyPicture(app, node, base64Of(told)));
  } catch (error) {
    toastError(app, error);
  }
}
