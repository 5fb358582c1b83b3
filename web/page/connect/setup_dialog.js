// @ts-check
/** Sets up the default server in one step: found in this network or typed, tested, saved. */

import { addressOf, freeName, isSameServer, readAddress } from "../../lib/addresses.js";
import { DEFAULT_PORT, TRANSPORT } from "../../lib/facts.js";
import { Problem } from "../../lib/problem.js";
import { FIND_OUT, reach } from "../../lib/server_setup.js";
import { TRANSPORTS, transportLabel } from "../../lib/transports.js";
import { say } from "../../lib/words.js";
import { ask } from "../comfyui/routes.js";
import { toast } from "../comfyui/toast.js";
import { openDialog } from "../parts/dialog.js";
import { button, element } from "../parts/elements.js";
import { listEntry } from "../parts/list_entry.js";
import { makeForm, selectInput, textInput } from "../parts/form.js";
import { problemBox } from "../parts/problem_box.js";
import { askAsOwner } from "../secret/owner.js";
import { nearbyOf, searchNearby } from "../state/nearby_servers.js";
import { credentialsOf, loadSaved, savedServersOf } from "../state/saved_servers.js";
import { serversOf } from "../state/servers.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../lib/addresses.js").SavedServer} SavedServer
 * @typedef {import("../../routes.js").Nearby} Nearby
 */

/**
 * Let a person choose the server that *default server* stands for.
 *
 * @param {App} app
 */
export function openSetup(app) {
  const lists = element("div", { class: "drawbridge-section", "aria-live": "polite" });
  const trouble = element("div", { "aria-live": "polite" });
  const host = textInput(addressOf({ host: "127.0.0.1", port: DEFAULT_PORT }));
  // One's own authority needs its certificate: that is for the settings.
  const ways = TRANSPORTS.filter((value) => value !== TRANSPORT.authority);
  const transport = selectInput(
    [
      { value: FIND_OUT, label: say("connect.setup.automatic") },
      ...ways.map((value) => ({ value, label: transportLabel(value) })),
    ],
    FIND_OUT,
  );
  const names = (credentialsOf(app) ?? []).map(({ name }) => name);
  const credential = selectInput(
    [
      { value: "", label: say("servers.credential.none") },
      ...names.map((value) => ({ value, label: value })),
    ],
    "",
  );
  let close = () => {};

  /** @param {() => Promise<unknown>} work */
  const attempt = async (work) => {
    dialog.setAttribute("aria-busy", "true");
    trouble.replaceChildren();
    try {
      await work();
    } catch (error) {
      trouble.replaceChildren(problemBox(error));
    } finally {
      dialog.removeAttribute("aria-busy");
    }
  };
  /** @param {SavedServer} server */
  const keep = async (server) => {
    await askAsOwner(app.api, "servers/save", { ...server, default: true });
    done(app, server.name);
    close();
  };
  /** @param {SavedServer} wanted its transport can be FIND_OUT, its name "" */
  const testAndSave = (wanted) =>
    attempt(async () => {
      const { server, status } = await reach(wanted, async (one) => {
        const known = await serversOf(app).ask(one, { pressed: true, refresh: true });
        return known.status;
      });
      const saved = savedServersOf(app);
      const same = saved.find((one) => isSameServer(one, server));
      const taken = saved.map(({ name }) => name);
      const name = wanted.name || same?.name || freeName(server.host, taken);
      if (status.state === "connected") return keep({ ...server, name });
      const anyway = () => attempt(() => keep({ ...server, name }));
      trouble.replaceChildren(
        problemBox(new Problem(status.error ?? {})),
        button(say("connect.setup.anyway"), anyway, { action: "anyway" }),
      );
      return null;
    });
  /** @param {SavedServer} server */
  const prefer = (server) =>
    attempt(async () => {
      await ask(app.api, "servers/default", { name: server.name });
      done(app, server.name);
      close();
    });

  const showLists = () => {
    const saved = savedServersOf(app);
    const { state, servers: near, error } = nearbyOf(app);
    const fresh = near.filter((one) => !saved.some((other) => isSameServer(other, asServer(one))));
    const taken = saved.map(({ name }) => name);
    const found = fresh.map((one) =>
      row(one, () => testAndSave({ ...asServer(one), name: freeName(one.name, taken) })),
    );
    lists.replaceChildren(
      ...group(say("connect.servers.saved"), "saved", saved.map((one) => row(one, () => prefer(one)))),
      ...group(say("nearby.title"), "nearby", found, noteOf(state, near.length)),
      ...(error ? [problemBox(error)] : []),
    );
  };
  const typed = () =>
    testAndSave({
      ...readAddress(host.value, DEFAULT_PORT),
      ...{ name: "", transport: transport.value, certificate: "" },
      credential: credential.value,
    });
  const form = makeForm({
    name: "setup",
    title: say("connect.setup.typed"),
    fields: [
      {
        name: "host",
        label: say("servers.host"),
        hint: say("servers.host.hint", { port: DEFAULT_PORT }),
        input: host,
      },
      { name: "transport", label: say("servers.transport"), input: transport },
      ...(names.length
        ? [{ name: "credential", label: say("servers.credential"), input: credential }]
        : []),
    ],
    save: typed,
    saveLabel: say("connect.setup.test"),
    cancel: () => close(),
  });
  const dialog = openDialog({
    title: say("connect.setup.title"),
    name: "setup",
    content: (shut) => {
      close = shut;
      return [element("p", {}, say("connect.setup.about")), lists, form, trouble];
    },
    closed: () => serversOf(app).removeEventListener("change", showLists),
  });
  serversOf(app).addEventListener("change", showLists);
  showLists();
  void loadSaved(app);
  // The press that opened this is the person's wish to look around.
  void searchNearby(app);
  host.focus();
}

/**
 * @param {App} app
 * @param {string} name
 */
function done(app, name) {
  toast(app, "success", say("connect.setup.done", { name }), say("connect.setup.done.detail"));
}

/** @param {Nearby} one */
function asServer(one) {
  return { certificate: "", credential: "", ...one };
}

/**
 * @param {string} title
 * @param {string} name
 * @param {HTMLElement[]} rows
 * @param {string} note said where there is no row
 * @returns {HTMLElement[]}
 */
function group(title, name, rows, note = "") {
  if (!rows.length && !note) return [];
  return [
    element("h4", {}, title),
    rows.length
      ? element("ul", { class: "drawbridge-list", data: { list: name } }, ...rows)
      : element("p", { class: "drawbridge-note" }, note),
  ];
}

/**
 * @param {Nearby | SavedServer} one
 * @param {() => unknown} use
 */
function row(one, use) {
  const about = [element("code", {}, addressOf(one)), ` · ${transportLabel(one.transport)}`];
  const using = button(say("connect.setup.use"), use, { icon: "check", action: "use" });
  return listEntry(one.name, [one.name], about, using);
}

/**
 * @param {import("../state/nearby_servers.js").Search["state"]} state
 * @param {number} count
 */
function noteOf(state, count) {
  if (state === "looking") return say("nearby.looking");
  if (state === "unavailable") return say("nearby.missing");
  return state === "done" && !count ? say("nearby.none") : "";
}
