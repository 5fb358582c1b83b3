// @ts-check
/** Sets Generate's widgets as the app recommends for its model. */

import { say } from "../../lib/words.js";
import { asOneChange } from "../comfyui/nodes.js";
import { ask } from "../comfyui/routes.js";
import { toast, toastError } from "../comfyui/toast.js";
import { surroundingsOf } from "../state/surroundings.js";
import { applyWidgets } from "./apply.js";
import { toastOutcome } from "./outcome.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

/**
 * Set Generate's widgets as the app recommends for its model.
 *
 * @param {App} app
 * @param {GraphNode} generate
 */
export async function recommend(app, generate) {
  const { model, version } = surroundingsOf(app, generate);
  try {
    const { widgets, settings = {} } = await ask(app.api, "recommended", { model, version });
    if (!Object.keys(widgets).length) {
      toast(app, "warn", say("recommended.none"), say("recommended.none.remedy"));
      return;
    }
    const { taken, left } = asOneChange(app, () => applyWidgets(app, generate, widgets));
    const others = Object.entries(settings).map(([name, value]) => `${name} ${value}`);
    toastOutcome(app, "recommended.taken", taken, [...left, ...others], []);
  } catch (error) {
    toastError(app, error);
  }
}
