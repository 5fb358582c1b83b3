// @ts-check
/** Offers the names of credentials that are known here where Connect asks for one. */

import { addressOf, meansDefault } from "../../lib/addresses.js";
import { credentialKey, isMeantFor } from "../../lib/credentials.js";
import { matches, searchWords } from "../../lib/search.js";
import { serverOf } from "../../lib/surroundings.js";
import { say } from "../../lib/words.js";
import { labelOf, setValue } from "../comfyui/nodes.js";
import { openPopover } from "../parts/popover.js";
import { wishForCredential } from "../state/credential_wish.js";
import { credentialsOf, loadSaved } from "../state/saved_servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../lib/servers.js").Server} Server
 * @typedef {import("../../routes.js").Credential} Credential
 * @typedef {import("../comfyui/combobox.js").Spot} Spot
 * @typedef {import("../parts/list.js").Row} Row
 * @typedef {import("../parts/list.js").Section} Section
 */

/** The value of the row that adds a credential: no name begins with a space. */
const ADD = " add";

/**
 * @param {App} app
 * @returns {import("../comfyui/combobox.js").Combobox}
 */
export function credentialCombobox(app) {
  const missing = (/** @type {Spot} */ { widget }) => {
    const value = credentialKey(String(widget.value ?? ""));
    const credentials = credentialsOf(app);
    return !!value && !!credentials && !credentials.some(({ name }) => credentialKey(name) === value);
  };
  return {
    appearance(spot) {
      const value = String(spot.widget.value ?? "");
      const label = labelOf(spot.widget);
      if (!value) return { label, text: say("picker.none"), tone: "quiet" };
      return { label, text: value, tone: missing(spot) ? "missing" : "plain" };
    },
    choices: () => [
      { value: "", label: say("picker.none") },
      ...(credentialsOf(app) ?? []).map(({ name }) => ({ value: name, label: name })),
    ],
    hint: (spot) =>
      missing(spot)
        ? say("connect.credential.missing.hint", { value: String(spot.widget.value) })
        : "",
    open(spot, beside, opener) {
      void loadSaved(app);
      const value = String(spot.widget.value ?? "");
      openPopover({
        beside,
        opener,
        label: labelOf(spot.widget),
        value,
        placeholder: say("connect.credential.search"),
        view: (query) => credentialView(credentialsOf(app) ?? [], spot, value, query),
        choose: (row) => {
          if (row.value === ADD) addOne(app, spot, String(row.item));
          else setValue(app, spot.owner, spot.widget, row.value);
        },
      });
    },
  };
}

/**
 * @param {readonly Credential[]} credentials
 * @param {Spot} spot
 * @param {string} value
 * @param {string} query
 * @returns {import("../parts/list.js").View}
 */
function credentialView(credentials, spot, value, query) {
  const wanted = searchWords(query);
  const server = serverOf({ node: spot.node, hosts: spot.hosts });
  const rows = credentials
    .filter(({ name }) => matches({ file: name, name }, wanted))
    .map((one) => credentialRow(one, server));
  const known = rows.some((row) => credentialKey(row.value) === credentialKey(value));
  const none = {
    value: "",
    title: say("picker.none"),
    subtitle: say("connect.credential.none"),
    tone: /** @type {const} */ ("quiet"),
  };
  const kept = {
    value,
    title: value,
    badge: say("connect.credential.missing"),
    tone: /** @type {const} */ ("missing"),
    hint: say("connect.credential.missing.hint", { value }),
  };
  /** @type {Section[]} */
  const sections = [];
  if (!wanted.length) sections.push({ heading: "", rows: [none] });
  if (!wanted.length && value && !known)
    sections.push({ heading: say("picker.chosen"), rows: [kept] });
  sections.push({ heading: say("connect.credentials"), rows });
  sections.push({ heading: "", rows: [addingRow(query)] });
  return { sections, notices: [] };
}

/**
 * @param {string} name as it was typed, if it was
 * @returns {Row}
 */
function addingRow(name) {
  return {
    value: ADD,
    title: name ? say("connect.credential.add.named", { name }) : say("connect.credential.add"),
    subtitle: say("connect.credential.add.about"),
    item: name,
  };
}

/**
 * Have a person keep a credential for the server of a Connect, which takes it then.
 *
 * @param {App} app
 * @param {Spot} spot
 * @param {string} name
 */
function addOne(app, { node, hosts, widget, owner }, name) {
  const server = serverOf({ node, hosts });
  const servers = server && !meansDefault(server.host) ? [addressOf(server)] : [];
  const kept = (/** @type {string} */ now) => setValue(app, owner, widget, now);
  wishForCredential(app, { name, servers, kept });
}

/**
 * @param {Credential} credential
 * @param {Server | null} server
 * @returns {Row}
 */
function credentialRow({ name, stored, servers }, server) {
  const anywhere = servers.includes("*");
  const here = anywhere || (!!server && isMeantFor(servers, server));
  const where = anywhere ? say("connect.credential.anywhere") : servers.join(", ");
  return {
    value: name,
    title: name,
    subtitle: [where, stored ? "" : say("connect.credential.environment")]
      .filter(Boolean)
      .join(" · "),
    badge: here || !server ? undefined : say("connect.credential.elsewhere"),
    tone: here || !server ? undefined : "unfit",
  };
}
