// @ts-check
/** Asks Drawbridge's own routes of ComfyUI's server. */

import { Problem } from "../../lib/problem.js";
import { say } from "../../lib/words.js";

/**
 * @typedef {import("../../routes.js").RouteName} RouteName
 * @typedef {import("../../lib/servers.js").Failure} Failure
 */
/**
 * @template {RouteName} Route
 * @typedef {import("../../routes.js").Answers[Route]} Answer
 */

/** What changes what ComfyUI keeps of servers; who shows any of it hears of it. */
const CHANGES = /^(servers|credentials|pins|presets)\/(save|set|remove|forget|default)$/;
export const CHANGE_EVENT = "drawbridge.changed";

/**
 * Send an object to /drawbridge/ROUTE and return the object that it answers.
 *
 * @template {RouteName} Route
 * @param {import("../../comfyui.js").Api} api
 * @param {Route} route
 * @param {Record<string, unknown>} body
 * @returns {Promise<Answer<Route>>}
 * @throws {Problem} whatever the reason is
 */
export async function ask(api, route, body = {}) {
  const answer = await send(api, route, body);
  if (answer.error) throw new Problem(answer.error);
  if (CHANGES.test(route)) api.dispatchEvent(new CustomEvent(CHANGE_EVENT));
  return answer;
}

/**
 * Do the same, but return an error that the answer holds: the rest of it may still be of use.
 *
 * @template {RouteName} Route
 * @param {import("../../comfyui.js").Api} api
 * @param {Route} route
 * @param {Record<string, unknown>} body
 * @returns {Promise<Answer<Route> & {error?: Failure}>}
 * @throws {Problem} if there is no answer of ours
 */
export async function send(api, route, body = {}) {
  /** @type {Response} */
  let response;
  try {
    response = await api.fetchApi(`/drawbridge/${route}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Problem({ problem: say("routes.silent"), remedy: say("routes.silent.remedy") });
  }
  const answer = await response.json().catch(() => null);
  if (!answer || (!response.ok && !answer.error)) {
    const problem = say("routes.unclear", { status: response.status });
    throw new Problem({ problem, remedy: say("routes.restart") });
  }
  return answer;
}
