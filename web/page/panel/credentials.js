// @ts-check
/**
 * The settings' list of credentials. Write-only: what is typed goes to ComfyUI's server once and is
 * taken out of the field at once; nothing of it is kept in the page or ever comes back.
 */

import { addressOf, readList } from "../../lib/addresses.js";
import { DEFAULT_PORT, LONGEST_CREDENTIAL_NAME } from "../../lib/facts.js";
import { say } from "../../lib/words.js";
import { ask } from "../comfyui/routes.js";
import { button, element } from "../parts/elements.js";
import { fieldRow, makeForm, textInput } from "../parts/form.js";
import { Section } from "./section.js";

/** @typedef {import("../../routes.js").Credential} Credential */

/** @type {Credential} */
const NEW = { name: "", stored: true, servers: [], has_secret: false, has_identity: false };

/**
 * @param {import("../../comfyui.js").App} app
 * @param {import("../state/credential_wish.js").Wish} [wish] for which the form is open at once
 * @returns {HTMLElement}
 */
export function credentialsSection({ api }, wish) {
  const section = new Section("credentials", {
    title: say("credentials.title"),
    about: say("credentials.about"),
    empty: say("credentials.empty"),
  });

  const refresh = async () => {
    const { credentials } = await ask(api, "credentials/list");
    section.show(
      credentials.map((credential) => ({
        name: credential.name,
        title: [credential.name],
        badge: credential.stored ? undefined : say("credentials.environment"),
        about: describe(credential),
        ...(credential.stored && {
          edit: () => edit(credential),
          remove: async () => {
            await ask(api, "credentials/remove", { name: credential.name });
            await refresh();
          },
        }),
      })),
    );
  };

  /**
   * @param {Credential} credential
   * @param {boolean} [isNew]
   */
  const edit = (credential, isNew = !credential.name) => {
    const name = textInput(credential.name, {
      placeholder: "studio",
      maxlength: LONGEST_CREDENTIAL_NAME,
    });
    name.readOnly = !isNew;
    const servers = textInput(credential.servers.join(", "), {
      placeholder: addressOf({ host: "mac.local", port: DEFAULT_PORT }),
    });
    const secret = textInput("", {
      type: "password",
      "data-1p-ignore": "",
      "data-lpignore": "true",
      "data-bwignore": "",
      placeholder: credential.has_secret ? say("credentials.secret.kept") : "",
    });
    const certificate = element("input", { type: "file", accept: ".pem,.crt,.cer" });
    const key = element("input", { type: "file", accept: ".pem,.key" });
    const forget = () => {
      secret.value = "";
      certificate.value = "";
      key.value = "";
    };
    const save = () =>
      section.attempt(async () => {
        const body = {
          name: name.value.trim(),
          servers: readList(servers.value),
          ...(secret.value && { secret: secret.value }),
          ...(await withText("client_certificate", certificate)),
          ...(await withText("client_key", key)),
        };
        forget();
        await ask(api, "credentials/set", body);
        section.open(null);
        await refresh();
        if (isNew) wish?.kept(body.name);
      });
    section.open(
      makeForm({
        name: "credential",
        title: isNew
          ? say("credentials.add")
          : say("credentials.change", { name: credential.name }),
        fields: [
          {
            name: "name",
            label: say("credentials.name"),
            hint: isNew ? say("credentials.name.hint") : "",
            input: name,
          },
          {
            name: "servers",
            label: say("credentials.servers"),
            hint: say("credentials.servers.hint"),
            input: servers,
          },
          {
            name: "secret",
            label: say("credentials.secret"),
            hint: say("credentials.secret.hint"),
            input: secret,
          },
          element(
            "details",
            {},
            element("summary", {}, say("credentials.identity")),
            fieldRow({
              name: "client-certificate",
              label: say("credentials.certificate"),
              input: certificate,
            }),
            fieldRow({
              name: "client-key",
              label: say("credentials.key"),
              hint: say("credentials.key.hint"),
              input: key,
            }),
          ),
        ],
        save,
        saveLabel: say("dialog.save"),
        cancel: () => {
          forget();
          section.open(null);
        },
      }),
    );
    if (!isNew) secret.focus();
  };

  section.buttons.append(
    button(say("credentials.add"), () => edit(NEW), { icon: "plus", action: "add" }),
  );
  void section.attempt(refresh);
  if (wish) edit({ ...NEW, name: wish.name, servers: [...wish.servers] }, true);
  return section.element;
}

/**
 * @param {Credential} credential
 * @returns {(Node | string)[]}
 */
function describe(credential) {
  const holds = [
    credential.has_secret && say("credentials.has.secret"),
    credential.has_identity && say("credentials.has.identity"),
  ].filter(Boolean);
  const servers = credential.servers.includes("*")
    ? [say("credentials.everywhere")]
    : credential.servers.length
      ? credential.servers.flatMap((server, number) => [
          ...(number ? [", "] : []),
          element("code", {}, server),
        ])
      : [say("credentials.nowhere")];
  return [holds.join(" + "), " → ", ...servers];
}

/**
 * @param {string} name
 * @param {HTMLInputElement} input
 * @returns {Promise<Record<string, string>>}
 */
async function withText(name, input) {
  const file = input.files?.[0];
  return file ? { [name]: await file.text() } : {};
}
