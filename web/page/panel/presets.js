// @ts-check
/** The settings' list of presets: share them as files, add such files, remove them. */

import { fileNameOf } from "../../lib/presets.js";
import { say } from "../../lib/words.js";
import { ask } from "../comfyui/routes.js";
import { toast } from "../comfyui/toast.js";
import { button, element } from "../parts/elements.js";
import { Section } from "./section.js";

/**
 * @param {import("../../comfyui.js").App} app
 * @returns {HTMLElement}
 */
export function presetsSection(app) {
  const { api } = app;
  const section = new Section("presets", {
    title: say("presets.title"),
    about: say("presets.about"),
    empty: say("presets.empty"),
  });
  const refresh = async () => {
    const { presets } = await ask(api, "presets/list", { model: "", version: "" });
    const own = presets.filter(({ kind }) => kind === "own" || kind === "other");
    section.show(
      own.map((one) => ({
        name: one.name,
        title: [one.name],
        about: [
          ...(one.model ? [element("code", {}, one.model), " · "] : []),
          say("presets.line", { steps: one.steps, guidance: one.guidance, loras: one.loras }),
        ],
        prefer: async () => {
          const { name, text } = await ask(api, "presets/share", { name: one.name });
          download(fileNameOf(name), text);
        },
        preferLabel: say("presets.share"),
        preferIcon: "download",
        remove: async () => {
          await ask(api, "presets/remove", { name: one.name });
          await refresh();
        },
      })),
    );
  };
  const file = element("input", { type: "file", accept: ".json,application/json", hidden: true });
  file.addEventListener(
    "change",
    () =>
      void section.attempt(async () => {
        const [chosen] = file.files ?? [];
        if (!chosen) return;
        const text = await chosen.text();
        file.value = "";
        const otherwise = chosen.name.replace(/\.json$/i, "");
        const { name, warnings } = await ask(api, "presets/save", { text, otherwise });
        await refresh();
        if (warnings.length) {
          toast(app, "warn", say("presets.saved", { name }), warnings.join("\n"));
        }
      }),
  );
  section.buttons.append(
    button(say("presets.add"), () => file.click(), { icon: "upload", action: "add" }),
    file,
  );
  void section.attempt(refresh);
  return section.element;
}

/**
 * Have the browser save a text as a file.
 *
 * @param {string} name
 * @param {string} text
 */
function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  element("a", { href: address, download: name }).click();
  URL.revokeObjectURL(address);
}
