// @ts-check
/** The settings' list of certificates that were pinned at the first connection. */

import { say } from "../../lib/words.js";
import { ask } from "../comfyui/routes.js";
import { element } from "../parts/elements.js";
import { askAsOwner } from "../secret/owner.js";
import { Section } from "./section.js";

/**
 * @param {import("../../comfyui.js").App} app
 * @returns {HTMLElement}
 */
export function certificatesSection({ api }) {
  const section = new Section("pins", {
    title: say("pins.title"),
    about: say("pins.about"),
    empty: say("pins.empty"),
  });
  const refresh = async () => {
    const { pins } = await ask(api, "pins/list");
    section.show(
      pins.map((pin) => ({
        name: pin.address,
        title: [pin.address],
        badge: pin.is_public ? say("pins.public") : undefined,
        about: [
          element("code", { class: "drawbridge-fingerprint" }, pin.fingerprint),
          element("div", {}, say("pins.since", { date: pin.first_seen.slice(0, 10) })),
        ],
        removeLabel: say("pins.forget"),
        remove: async () => {
          await askAsOwner(api, "pins/forget", { address: pin.address });
          await refresh();
        },
      })),
    );
  };
  void section.attempt(refresh);
  return section.element;
}
