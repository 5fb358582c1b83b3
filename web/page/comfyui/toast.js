// @ts-check
/** ComfyUI's toasts: what was done, or what went wrong and how it is mended. */

import { asProblem } from "../../lib/problem.js";

/** @typedef {import("../../comfyui.js").App} App */

const SHORT_MS = 8000;
const LONG_MS = 15000;

/**
 * @param {App} app
 * @param {"success" | "info" | "warn" | "error"} severity
 * @param {string} summary
 * @param {string} [detail]
 */
export function toast(app, severity, summary, detail = "") {
  const life = severity === "success" ? SHORT_MS : LONG_MS;
  app.extensionManager.toast.add({ severity, summary, detail, life });
}

/**
 * @param {App} app
 * @param {unknown} error
 */
export function toastError(app, error) {
  const { problem, remedy } = asProblem(error);
  toast(app, "error", problem, remedy);
}
