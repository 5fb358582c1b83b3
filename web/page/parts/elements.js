// @ts-check
/** Makes elements of the page in one expression. */

/**
 * @typedef {string | Node | null | undefined | false} Child
 * @typedef {Record<string, unknown> & {
 *   class?: string,
 *   data?: Record<string, string>,
 *   on?: {[Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => void},
 * }} Attributes `on` holds listeners, `data` what becomes data-… ; a function is no attribute
 */

/**
 * Return a new element. Attributes that are true are set empty, those that are false or undefined
 * are left out; children are appended, text as text.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(attributes.on ?? {})) {
        made.addEventListener(event, /** @type {EventListener} */ (listener));
      }
    } else if (name === "data") {
      Object.assign(made.dataset, attributes.data);
    } else if (value === true) {
      made.setAttribute(name, "");
    } else if (value !== false && value !== undefined && value !== null) {
      made.setAttribute(name, String(value));
    }
  }
  for (const child of children) {
    if (child) made.append(child);
  }
  return made;
}

/**
 * Return a button of ours.
 *
 * @param {string} label what it says, or what an icon stands for
 * @param {() => unknown} act
 * @param {{icon?: string, kind?: "plain" | "main" | "danger", action?: string,
 *   bare?: boolean}} look `icon` is one of PrimeIcons, as ComfyUI has them; a `bare` button shows
 *   its icon only
 * @returns {HTMLButtonElement}
 */
export function button(label, act, { icon, kind = "plain", action, bare = false } = {}) {
  return element(
    "button",
    {
      type: "button",
      class: `drawbridge-button drawbridge-${kind}${bare ? " drawbridge-bare" : ""}`,
      title: bare ? label : undefined,
      "aria-label": bare ? label : undefined,
      data: action ? { action } : {},
      on: { click: () => act() },
    },
    icon && element("i", { class: `pi pi-${icon}`, "aria-hidden": "true" }),
    !bare && label,
  );
}
