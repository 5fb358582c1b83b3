// @ts-check
/** A person's wish for a credential that is not there yet: uttered at a list, met by a dialog. */

/**
 * What is known of the credential, and what happens once it is kept.
 *
 * @typedef {object} Wish
 * @property {string} name "" where the person is to choose one
 * @property {readonly string[]} servers that it is meant for
 * @property {(name: string) => void} kept
 */

const WISH_EVENT = "drawbridge.credential.wanted";

/**
 * Utter a wish.
 *
 * @param {import("../../comfyui.js").App} app
 * @param {Wish} wish
 */
export function wishForCredential(app, wish) {
  app.api.dispatchEvent(new CustomEvent(WISH_EVENT, { detail: wish }));
}

/**
 * Call `meet` for every wish.
 *
 * @param {import("../../comfyui.js").App} app
 * @param {(wish: Wish) => void} meet
 */
export function onCredentialWish(app, meet) {
  app.api.addEventListener(WISH_EVENT, (event) =>
    meet(/** @type {CustomEvent<Wish>} */ (event).detail),
  );
}
