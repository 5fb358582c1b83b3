// @ts-check
/** The settings' list of servers: add, change, remove, and look who is in this network. */

import { addressOf, freeName, isSameServer, readAddress, readAtOnce } from "../../lib/addresses.js";
import { DEFAULT_PORT, LONGEST_SERVER_NAME, MOST_AT_ONCE, TRANSPORT } from "../../lib/facts.js";
import { TRANSPORTS, transportLabel } from "../../lib/transports.js";
import { say } from "../../lib/words.js";
import { ask } from "../comfyui/routes.js";
import { button, element } from "../parts/elements.js";
import { listEntry } from "../parts/list_entry.js";
import { problemBox } from "../parts/problem_box.js";
import { askAsOwner } from "../secret/owner.js";
import { nearbyOf, searchNearby } from "../state/nearby_servers.js";
import { makeForm, selectInput, textInput } from "../parts/form.js";
import { Section } from "./section.js";

/** @typedef {import("../../lib/addresses.js").SavedServer} SavedServer */

/** @type {SavedServer} */
const NEW = {
  name: "",
  host: "",
  port: DEFAULT_PORT,
  transport: TRANSPORT.drawThings,
  certificate: "",
  credential: "",
};

/**
 * @param {import("../../comfyui.js").App} app
 * @returns {HTMLElement}
 */
export function serversSection(app) {
  const { api } = app;
  const section = new Section("servers", {
    title: say("servers.title"),
    about: say("servers.about"),
    empty: say("servers.empty"),
  });
  const found = element("div", { class: "drawbridge-found", "aria-live": "polite" });
  section.below.after(found);
  /** @type {SavedServer[]} */
  let servers = [];

  /** @param {import("../../routes.js").Saved} answer */
  const show = (answer) => {
    servers = answer.servers;
    const isDefault = (/** @type {SavedServer} */ one) => one.name === answer.default;
    section.show(
      servers.map((server) => ({
        name: server.name,
        title: [server.name],
        about: [
          element("code", {}, addressOf(server)),
          ` · ${transportLabel(server.transport)}`,
          ...(server.credential ? [` · ${say("servers.uses", { name: server.credential })}`] : []),
          ...((server.at_once ?? 1) > 1
            ? [` · ${say("servers.at_once.shown", { count: String(server.at_once) })}`]
            : []),
        ],
        badge: isDefault(server) ? say("servers.default") : undefined,
        prefer: isDefault(server)
          ? undefined
          : async () => show(await ask(api, "servers/default", { name: server.name })),
        preferLabel: say("servers.prefer"),
        edit: () => void edit(server, server.name),
        remove: async () => {
          show(await askAsOwner(api, "servers/remove", { name: server.name }));
        },
      })),
    );
  };

  /**
   * @param {SavedServer} server
   * @param {string} known its name as it is saved; empty for a new one
   */
  const edit = async (server, known) => {
    const credentials = await credentialNames(api);
    const name = textInput(server.name, {
      maxlength: LONGEST_SERVER_NAME,
      placeholder: say("servers.name.hint"),
    });
    const host = textInput(server.host && addressOf(server), {
      placeholder: addressOf({ host: "mac.local", port: DEFAULT_PORT }),
    });
    const transport = selectInput(
      TRANSPORTS.map((value) => ({ value, label: transportLabel(value) })),
      server.transport,
    );
    const certificate = textInput(server.certificate);
    const credential = selectInput(
      [
        { value: "", label: say("servers.credential.none") },
        ...credentials.map((value) => ({ value, label: value })),
      ],
      server.credential,
    );
    const atOnce = textInput(String(server.at_once ?? 1), {
      type: "number",
      min: 1,
      max: MOST_AT_ONCE,
      step: 1,
    });
    const save = () =>
      section.attempt(async () => {
        const address = readAddress(host.value, DEFAULT_PORT);
        const others = servers.map((each) => each.name).filter((each) => each !== known);
        const wanted = {
          name: name.value.trim() || freeName(address.host, others),
          ...address,
          transport: transport.value,
          certificate: transport.value === TRANSPORT.authority ? certificate.value.trim() : "",
          credential: credential.value,
          // What cannot be is left to the server, which has the words for it.
          at_once: readAtOnce(atOnce.value) ?? Number(atOnce.value),
        };
        show(await askAsOwner(api, "servers/save", { ...wanted, replaces: known }));
        section.open(null);
        found.replaceChildren();
      });
    const authority = {
      name: "certificate",
      label: say("servers.certificate"),
      hint: say("servers.certificate.hint"),
      input: certificate,
    };
    const form = makeForm({
      name: "server",
      title: known ? say("servers.change", { name: known }) : say("servers.add"),
      fields: [
        { name: "name", label: say("servers.name"), input: name },
        {
          name: "host",
          label: say("servers.host"),
          hint: say("servers.host.hint", { port: DEFAULT_PORT }),
          input: host,
        },
        { name: "transport", label: say("servers.transport"), input: transport },
        authority,
        {
          name: "credential",
          label: say("servers.credential"),
          hint: say("servers.credential.hint"),
          input: credential,
        },
        {
          name: "at-once",
          label: say("servers.at_once"),
          hint: say("servers.at_once.hint"),
          input: atOnce,
        },
      ],
      save,
      saveLabel: say("dialog.save"),
      cancel: () => section.open(null),
    });
    const showAuthority = () => {
      const line = /** @type {HTMLElement} */ (certificate.parentElement);
      line.hidden = transport.value !== TRANSPORT.authority;
    };
    transport.addEventListener("change", showAuthority);
    showAuthority();
    section.open(form);
  };

  const look = async () => {
    section.trouble.replaceChildren();
    search.disabled = true;
    found.replaceChildren(note(say("nearby.looking")));
    await searchNearby(app);
    search.disabled = false;
    found.replaceChildren(...nearby());
  };

  /** @returns {HTMLElement[]} what was found */
  const nearby = () => {
    const { state, servers: near, error } = nearbyOf(app);
    if (error) return [problemBox(error)];
    if (state === "unavailable") return [note(say("nearby.missing"))];
    if (!near.length) return [note(say("nearby.none"))];
    return [
      element("h4", {}, say("nearby.title")),
      element("ul", { class: "drawbridge-list", data: { list: "nearby" } }, ...near.map(offer)),
    ];
  };

  /** @param {import("../../routes.js").Nearby} one */
  const offer = (one) => {
    const server = { ...NEW, ...one };
    const saved = servers.some((each) => isSameServer(each, server));
    const taken = servers.map((each) => each.name);
    const add = button(
      saved ? say("nearby.saved") : say("nearby.add"),
      () => void edit({ ...server, name: freeName(one.name, taken) }, ""),
      { icon: saved ? "check" : "plus", action: "add-found" },
    );
    add.disabled = saved;
    return listEntry(one.name, [one.name], [element("code", {}, addressOf(one))], add);
  };

  const search = button(say("nearby.look"), look, { icon: "search", action: "nearby" });
  section.buttons.append(
    button(say("servers.add"), () => void edit(NEW, ""), { icon: "plus", action: "add" }),
    search,
  );
  void section.attempt(async () => show(await ask(api, "servers/list")));
  return section.element;
}

/** @param {string} text */
function note(text) {
  return element("p", { class: "drawbridge-note" }, text);
}

/**
 * Return the names of all credentials; none if they can't be had, which their own list reports.
 *
 * @param {import("../../comfyui.js").Api} api
 * @returns {Promise<string[]>}
 */
async function credentialNames(api) {
  try {
    const { credentials } = await ask(api, "credentials/list");
    return credentials.map((each) => each.name);
  } catch {
    return [];
  }
}
