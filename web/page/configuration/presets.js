// @ts-check
/** Takes presets over, and saves what a Generate has as one. */

import { generateOf } from "../../lib/graph.js";
import { isLinked, valueOf } from "../../lib/values.js";
import { wiringOf } from "../../lib/wiring.js";
import { say } from "../../lib/words.js";
import { ask } from "../comfyui/routes.js";
import { toast, toastError } from "../comfyui/toast.js";
import { openDialog } from "../parts/dialog.js";
import { button, element } from "../parts/elements.js";
import { fieldRow, textInput } from "../parts/form.js";
import { problemBox } from "../parts/problem_box.js";
import { surroundingsOf } from "../state/surroundings.js";
import { applyFound } from "./apply.js";
import { offerImport } from "./paste.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 */

/**
 * Take a preset over around a node.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {string} name "" for what is recommended for the model
 * @returns {Promise<boolean>} whether there was anything to take
 */
export async function takePreset(app, node, name) {
  const { model, version } = surroundingsOf(app, node);
  try {
    if (!name) {
      const { presets } = await ask(app.api, "presets/list", { model, version });
      if (!presets.some(({ kind }) => kind === "recommended")) {
        toast(app, "warn", say("recommended.none"), say("recommended.none.remedy"));
        return false;
      }
    }
    const found = await ask(app.api, "presets/take", { name, model, version });
    // What is recommended is for the model that is chosen, whatever file it is.
    const left = applyFound(app, node, name ? found : { ...found, model: "" }, "presets.taken");
    offerImport(app, left);
    return true;
  } catch (error) {
    toastError(app, error);
    return false;
  }
}

/**
 * Ask for a name, and save what is wired to a Generate under it.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {(name: string) => void} saved
 */
export function savePreset(app, node, saved) {
  const place = generateOf(node);
  if (!place) return;
  const name = textInput("", { maxlength: 80 });
  const trouble = element("div", { "aria-live": "polite" });
  const keep = async (/** @type {() => void} */ close) => {
    try {
      const seen = surroundingsOf(app, place.node, place.hosts);
      const { text } = await ask(app.api, "configuration/write", wiringOf(place, seen));
      const negative = isLinked(place.node, "negative_prompt")
        ? ""
        : String(valueOf(place, "negative_prompt").value ?? "");
      const wanted = { name: name.value, text, negative_prompt: negative };
      const answer = await ask(app.api, "presets/save", wanted);
      close();
      saved(answer.name);
      toast(app, "success", say("presets.saved", { name: answer.name }));
    } catch (error) {
      trouble.replaceChildren(problemBox(error));
      name.focus();
    }
  };
  openDialog({
    title: say("presets.save.title"),
    name: "save-preset",
    content: () => [
      element("p", {}, say("presets.save.about")),
      fieldRow({ name: "preset", label: say("servers.name"), input: name }),
      trouble,
    ],
    actions: (close) => {
      name.addEventListener("keydown", (event) => {
        if (event.key === "Enter") void keep(close);
      });
      return [
        button(say("dialog.cancel"), close, { action: "cancel" }),
        button(say("dialog.save"), () => keep(close), { kind: "main", action: "save" }),
      ];
    },
  });
  name.focus();
}
