// @ts-check
/** Draws a widget that opens a list as ComfyUI draws its own on the canvas. */

/** @typedef {"plain" | "quiet" | "unfit" | "missing"} Tone */

/**
 * @typedef {object} Appearance
 * @property {string} label
 * @property {string} text
 * @property {Tone} tone
 */

/** What LiteGraph leaves free on both sides of a widget. */
export const MARGIN_PX = 15;
const CHEVRON_PX = 4;
const DOT_PX = 11;
const ELLIPSIS = "…";

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Appearance & {off: boolean}} appearance `off` where a link brings the value
 * @param {{width: number, y: number, rough: boolean}} space
 */
export function drawCombobox(context, appearance, space) {
  context.save();
  drawPill(context, appearance, space);
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Appearance & {off: boolean}} appearance `off` where a link brings the value
 * @param {{width: number, y: number, rough: boolean}} space
 */
function drawPill(context, appearance, { width, y, rough }) {
  const lite = window.LiteGraph;
  const height = lite?.NODE_WIDGET_HEIGHT ?? 20;
  context.beginPath();
  context.fillStyle = lite?.WIDGET_BGCOLOR ?? "#222";
  context.strokeStyle = lite?.WIDGET_OUTLINE_COLOR ?? "#666";
  if (rough) context.rect(MARGIN_PX, y, width - 2 * MARGIN_PX, height);
  else context.roundRect(MARGIN_PX, y, width - 2 * MARGIN_PX, height, [height / 2]);
  context.fill();
  if (rough) return;
  if (!appearance.off) context.stroke();

  const left = 2 * MARGIN_PX;
  const right = width - 2 * MARGIN_PX;
  const baseline = y + 0.7 * height;
  if (!appearance.off) {
    drawChevron(context, width - MARGIN_PX - 10, y + height / 2, lite?.WIDGET_TEXT_COLOR ?? "#ddd");
  }
  const text = appearance.off ? "" : appearance.text;
  const room = right - left - 6;
  const label = fitText(context, appearance.label, Math.max(40, text ? 0.45 * room : room));
  context.textAlign = "left";
  context.fillStyle = lite?.WIDGET_SECONDARY_TEXT_COLOR ?? "#999";
  context.fillText(label, left, baseline);
  const taken = context.measureText(label).width + 10;
  context.textAlign = "right";
  context.fillStyle = colour(
    appearance.tone,
    lite?.WIDGET_TEXT_COLOR ?? "#ddd",
    lite?.WIDGET_SECONDARY_TEXT_COLOR ?? "#999",
  );
  const shown = fitText(context, text, room - taken - (isMarked(appearance.tone) ? DOT_PX : 0));
  context.fillText(shown, right - 6, baseline);
  if (shown && isMarked(appearance.tone)) {
    const edge = right - 6 - context.measureText(shown).width;
    drawDot(context, edge - 7, y + height / 2);
  }
}

/** @param {Tone} tone */
function isMarked(tone) {
  return tone === "missing" || tone === "unfit";
}

/**
 * @param {Tone} tone
 * @param {string} plain
 * @param {string} quiet
 */
function colour(tone, plain, quiet) {
  if (tone === "plain") return plain;
  if (tone === "quiet") return quiet;
  const name = tone === "missing" ? "--drawbridge-missing" : "--drawbridge-unfit";
  return getComputedStyle(document.documentElement).getPropertyValue(name) || "#f66";
}

/**
 * @param {CanvasRenderingContext2D} context in the colour of the dot
 * @param {number} x
 * @param {number} y
 */
function drawDot(context, x, y) {
  context.beginPath();
  context.arc(x, y, 3, 0, 2 * Math.PI);
  context.fill();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {string} ink
 */
function drawChevron(context, x, y, ink) {
  context.beginPath();
  context.strokeStyle = ink;
  context.lineWidth = 1.4;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.moveTo(x - CHEVRON_PX, y - CHEVRON_PX / 2);
  context.lineTo(x, y + CHEVRON_PX / 2);
  context.lineTo(x + CHEVRON_PX, y - CHEVRON_PX / 2);
  context.stroke();
}

/**
 * Return the text, its end left out where there is no room.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} room
 */
function fitText(context, text, room) {
  if (room <= 0) return "";
  if (context.measureText(text).width <= room) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (context.measureText(text.slice(0, middle) + ELLIPSIS).width <= room) low = middle;
    else high = middle - 1;
  }
  return low ? text.slice(0, low).trimEnd() + ELLIPSIS : "";
}
