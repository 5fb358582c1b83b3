// @ts-check
/** Gives the slots and links of our types colours of their own, on the canvas and in Vue nodes. */

/**
 * By type. They stand apart from each other and from ComfyUI's own types on light and dark grounds;
 * models and controls have the hues that ComfyUI gives to such.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const SLOT_COLORS = {
  DRAWBRIDGE_SERVER: "#35b6a5",
  DRAWBRIDGE_MODEL: "#b39ddb",
  DRAWBRIDGE_LORAS: "#e58bb0",
  DRAWBRIDGE_CONTROLS: "#7fce7b",
  DRAWBRIDGE_SETTINGS: "#e6a84f",
};

/** @typedef {Record<string, string> | undefined} Colors */

/**
 * @param {import("../../comfyui.js").App} app
 * @returns {import("../../lib/features.js").Feature}
 */
export function setUpSlotColors(app) {
  return {
    setup() {
      const { canvas } = app;
      const root = document.documentElement;
      const enter = () =>
        colorSlots(root.style, [
          canvas.default_connection_color_byType,
          /** @type {{link_type_colors?: Colors}} */ (canvas.constructor).link_type_colors,
        ]);
      // A palette, which the page loads later and whenever another is chosen, takes the colours of
      // types that it does not name. It always writes to the root's style, too.
      new MutationObserver(enter).observe(root, { attributeFilter: ["style"] });
      enter();
    },
  };
}

/**
 * Enter our colours wherever a frontend looks for them; a palette that names our types wins.
 *
 * @param {Pick<CSSStyleDeclaration, "getPropertyValue" | "setProperty">} style of the page's root,
 *   which Vue nodes ask
 * @param {readonly Colors[]} tables of the canvas: one for slots, one for links
 */
export function colorSlots(style, tables) {
  for (const [type, color] of Object.entries(SLOT_COLORS)) {
    const property = `--color-datatype-${type}`;
    if (!style.getPropertyValue(property)) style.setProperty(property, color);
    for (const table of tables) {
      if (table && !table[type]) table[type] = color;
    }
  }
}
