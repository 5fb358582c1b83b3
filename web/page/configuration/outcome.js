// @ts-check
/** Says which widgets were set, and what was left out. */

import { say } from "../../lib/words.js";
import { toast } from "../comfyui/toast.js";

/** @typedef {import("../../comfyui.js").App} App */

/**
 * @param {App} app
 * @param {"configuration.taken" | "configuration.taken.partly" | "presets.taken"} title
 * @param {readonly string[]} taken
 * @param {readonly string[]} left
 * @param {readonly string[]} warnings
 */
export function toastOutcome(app, title, taken, left, warnings) {
  const detail = [
    taken.length && say("configuration.set", { names: taken.join(", ") }),
    left.length && say("configuration.left", { names: left.join(", ") }),
    ...warnings,
  ].filter(Boolean);
  const severity = left.length || warnings.length ? "warn" : "success";
  toast(app, severity, say(title), detail.join("\n"));
}
