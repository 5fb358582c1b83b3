// @ts-check
/** Servers, credentials and pinned certificates in ComfyUI's settings, and in a dialog of ours. */

import { say } from "../../lib/words.js";
import { openDialog } from "../parts/dialog.js";
import { onCredentialWish } from "../state/credential_wish.js";
import { certificatesSection } from "./certificates.js";
import { credentialsSection } from "./credentials.js";
import { presetsSection } from "./presets.js";
import { serversSection } from "./servers.js";

/** The command that opens the dialog. */
const OPEN_SETTINGS = "Drawbridge.Settings";

const SECTIONS = /** @type {const} */ ([
  { id: "Servers", title: "servers.title", make: serversSection },
  { id: "Credentials", title: "credentials.title", make: credentialsSection },
  { id: "Presets", title: "presets.title", make: presetsSection },
  { id: "Certificates", title: "pins.title", make: certificatesSection },
]);

/**
 * @param {import("../../comfyui.js").App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpSettings(app) {
  const open = () =>
    openDialog({
      title: say("settings.title"),
      name: "settings",
      content: () => SECTIONS.map(({ make }) => make(app)),
    });
  return {
    setup: () => onCredentialWish(app, (wish) => openAdding(app, wish)),
    commands: [
      {
        id: OPEN_SETTINGS,
        label: () => say("settings.open"),
        icon: "pi pi-server",
        function: open,
      },
    ],
    menuCommands: [{ path: ["Extensions"], commands: [OPEN_SETTINGS] }],
    settings: SECTIONS.map(({ id, title, make }, number) => ({
      id: `Drawbridge.${id}`,
      name: say(title),
      category: ["Drawbridge", "Draw Things", id],
      sortOrder: -number,
      // What is shown here is kept by ComfyUI's server, apart from the page's settings.
      type: () => make(app),
      defaultValue: null,
    })),
  };
}

/**
 * Open a dialog in which a credential is added; it closes once that is kept.
 *
 * @param {import("../../comfyui.js").App} app
 * @param {import("../state/credential_wish.js").Wish} wish
 */
function openAdding(app, wish) {
  const dialog = openDialog({
    title: say("credentials.title"),
    name: "credentials",
    content: (close) => [
      credentialsSection(app, {
        ...wish,
        kept: (name) => {
          close();
          wish.kept(name);
        },
      }),
    ],
  });
  const first = wish.name ? "secret" : "name";
  /** @type {HTMLElement | null} */ (dialog.querySelector(`[data-field=${first}]`))?.focus();
}
