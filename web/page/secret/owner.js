// @ts-check
/** Changes that only a secret's owner may make: asks for the secret where ComfyUI wants to see it. */

import { SECRET_WANTED } from "../../lib/facts.js";
import { Problem } from "../../lib/problem.js";
import { say } from "../../lib/words.js";
import { ask } from "../comfyui/routes.js";
import { openDialog } from "../parts/dialog.js";
import { makeForm, textInput } from "../parts/form.js";
import { problemBox } from "../parts/problem_box.js";

/**
 * @template {import("../../routes.js").RouteName} Route
 * @typedef {import("../comfyui/routes.js").Answer<Route>} Answer
 */

/**
 * Do what `ask` does, and once more with the secret if it is wanted and a person types it.
 *
 * @template {import("../../routes.js").RouteName} Route
 * @param {import("../../comfyui.js").Api} api
 * @param {Route} route
 * @param {Record<string, unknown>} body
 * @returns {Promise<Answer<Route>>}
 * @throws {Problem} whatever the reason is
 */
export async function askAsOwner(api, route, body) {
  try {
    return await ask(api, route, body);
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== SECRET_WANTED) throw error;
    const secret = await typeSecret(error);
    if (!secret) throw error;
    return ask(api, route, { ...body, secret });
  }
}

/**
 * Return the secret that a person types, "" if the dialog is left.
 *
 * @param {Problem} wanted
 * @returns {Promise<string>}
 */
function typeSecret(wanted) {
  return new Promise((resolve) => {
    let typed = "";
    const secret = textInput("", {
      type: "password",
      "data-1p-ignore": "",
      "data-lpignore": "true",
      "data-bwignore": "",
    });
    openDialog({
      name: "secret",
      title: say("secret.wanted"),
      content: (close) => [
        problemBox(wanted),
        makeForm({
          name: "secret",
          title: "",
          fields: [{ name: "secret", label: say("credentials.secret"), input: secret }],
          saveLabel: say("dialog.save"),
          save: () => {
            typed = secret.value;
            close();
          },
          cancel: close,
        }),
      ],
      closed: () => resolve(typed),
    });
    secret.focus();
  });
}
