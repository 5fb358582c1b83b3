// @ts-check
/** What models can do, asked once. */

import { ask } from "../comfyui/routes.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../lib/relevance.js").Versions} Versions
 */

/** @type {WeakMap<App, Promise<void>>} */
const questions = new WeakMap();
/** @type {WeakMap<App, Versions>} */
const answers = new WeakMap();

/**
 * @param {App} app
 * @returns {Versions | null} null as long as nothing is known
 */
export function versionsOf(app) {
  return answers.get(app) ?? null;
}

/**
 * Ask, unless somebody has been answered. Without an answer everything stays as ComfyUI shows it.
 *
 * @param {App} app
 * @returns {Promise<void>}
 */
export function loadVersions(app) {
  const asked = questions.get(app);
  if (asked) return asked;
  const question = ask(app.api, "versions").then(
    (answer) => void answers.set(app, answer),
    () => void questions.delete(app),
  );
  questions.set(app, question);
  return question;
}
