// @ts-check
/** Registers Drawbridge with the page; the only module of web/ that does anything on import. */

import { app } from "../../scripts/app.js";
import { combine } from "./lib/features.js";
import { speak } from "./lib/words.js";
import { setUpSlotColors } from "./page/comfyui/slot_colors.js";
import { setUpConfiguration } from "./page/configuration/menu.js";
import { setUpPresets } from "./page/configuration/preset_list.js";
import { setUpCertificateField } from "./page/connect/certificate_field.js";
import { setUpConnect } from "./page/connect/status_panel.js";
import { setUpFinishedPictures } from "./page/generate/finished_picture.js";
import { setUpRelevance } from "./page/generate/relevance.js";
import { setUpSeedBack } from "./page/generate/seed_back.js";
import { setUpSizes } from "./page/generate/size_presets.js";
import { setUpSteadyPrompts } from "./page/generate/steady_prompts.js";
import { setUpSettings } from "./page/panel/settings.js";
import { addStyles } from "./page/parts/style_sheet.js";
import { setUpPicker } from "./page/picker/picker.js";
import { setUpRows } from "./page/rows/rows.js";
import { setUpServers } from "./page/state/servers.js";

/** @typedef {import("./comfyui.js").App} App */

// Each is called once, before the page is set up, and answers what it adds to the extension.
/** @type {((app: App) => import("./lib/features.js").Feature)[]} */
const FEATURES = [
  setUpSlotColors,
  setUpServers,
  setUpCertificateField,
  setUpConfiguration,
  setUpConnect,
  setUpFinishedPictures,
  setUpPicker,
  setUpPresets,
  setUpRelevance,
  setUpRows,
  setUpSeedBack,
  setUpSettings,
  setUpSizes,
  setUpSteadyPrompts,
];

followLanguage();
for (const name of ["base", "settings", "picker", "connect"]) {
  addStyles(new URL(`./styles/${name}.css`, import.meta.url).href);
}
app.registerExtension({ name: "Drawbridge", ...combine(FEATURES.map((setUp) => setUp(app))) });

/** Speak the language that is chosen for the page, also when it is changed later. */
function followLanguage() {
  const listen = () => speak(String(app.extensionManager.setting.get("Comfy.Locale") ?? "en"));
  app.ui.settings.addEventListener("Comfy.Locale.change", listen);
  listen();
}
