// @ts-check
/** Dialogs of the page's own kind: <dialog>, closed by Escape, with the focus where it was. */

import { say } from "../../lib/words.js";
import { button, element } from "./elements.js";

/**
 * Open a dialog over the page.
 *
 * @param {object} parts
 * @param {string} parts.title
 * @param {string} parts.name told apart by tests and styles: data-dialog
 * @param {(close: () => void) => (Node | null)[]} parts.content
 * @param {(close: () => void) => Node[]} [parts.actions] the buttons below; none by default
 * @param {() => void} [parts.closed] called once when it is closed, however that happens
 * @returns {HTMLDialogElement}
 */
export function openDialog({ title, name, content, actions, closed }) {
  /** @type {HTMLDialogElement} */
  const dialog = element("dialog", { class: "drawbridge drawbridge-dialog" });
  const close = () => dialog.close();
  const id = `drawbridge-${name}-title`;
  dialog.setAttribute("aria-labelledby", id);
  dialog.dataset.dialog = name;
  dialog.append(
    element(
      "header",
      {},
      element("h2", { id }, title),
      button(say("dialog.close"), close, { icon: "times", bare: true, action: "close" }),
    ),
    element("div", { class: "drawbridge-body" }, ...content(close)),
  );
  if (actions) dialog.append(element("footer", {}, ...actions(close)));
  // ComfyUI listens for keys on the window: Delete in a field of ours must not remove a node.
  for (const event of ["keydown", "keyup", "keypress", "paste", "copy", "cut", "wheel"]) {
    dialog.addEventListener(event, (happened) => happened.stopPropagation());
  }
  dialog.addEventListener("mousedown", (event) => {
    if (event.target === dialog) close(); // the backdrop: all else is inside of a child
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
