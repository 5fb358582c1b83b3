// @ts-check
/** Opens the list from which a person chooses among what the server has. */

import { say } from "../../lib/words.js";
import { labelOf } from "../comfyui/nodes.js";
import { openPopover } from "../parts/popover.js";
import { serversOf } from "../state/servers.js";
import { surroundingsOf } from "../state/surroundings.js";
import { catalogView } from "./catalog_list.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../lib/catalog.js").Choice} Choice
 * @typedef {import("../comfyui/combobox.js").Spot} Spot
 * @typedef {import("../parts/list.js").Row} Row
 */

const FRESH_SECONDS = 60;

/**
 * @param {App} app
 * @param {Choice} choice
 * @param {Spot} spot
 * @param {DOMRect} beside
 * @param {HTMLElement | undefined} opener
 * @param {(row: Row) => void} choose
 */
export function openChoice(app, choice, spot, beside, opener, choose) {
  const surroundings = () => surroundingsOf(app, spot.node, spot.hosts);
  let all = false;
  const popover = openPopover({
    beside,
    opener,
    label: labelOf(spot.widget),
    value: choice === "embedding" ? "" : String(spot.widget.value ?? ""),
    placeholder: say("picker.search"),
    free: choice !== "embedding",
    choose,
    view(query) {
      const flip = () => {
        all = !all;
        popover.update();
      };
      const value = String(spot.widget.value ?? "");
      return catalogView(app, { choice, value, around: surroundings(), query, all, flip });
    },
  });
  const { server } = surroundings();
  const age = server && serversOf(app).age(server);
  // A server that may be asked tells anew what it has; one that may not is left alone.
  if (server && (age === null || age > FRESH_SECONDS)) void serversOf(app).ask(server);
}
