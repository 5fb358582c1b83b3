// @ts-check
/** Draws a widget that opens a list as ComfyUI draws its own, on the canvas or in a Vue node. */

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
const FIELD_RADIUS_PX = 6;
const ELLIPSIS = "…";

/** Tells Vue's canvases of ours from others, for the style sheet and for tests. */
export const MARK = "picker";

/**
 * Return whether a context draws a canvas of its own, as Vue gives each drawn widget.
 *
 * @param {CanvasRenderingContext2D} context
 */
export function isOwnCanvas({ canvas }) {
  return !!window.LiteGraph?.vueNodesMode && canvas.isConnected && canvas.id !== "graph-canvas";
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Appearance & {off: boolean}} appearance `off` where a link brings the value
 * @param {{width: number, y: number, height: number, rough: boolean}} space
 */
export function drawCombobox(context, appearance, space) {
  context.save();
  if (isOwnCanvas(context)) drawRow(context, appearance, space);
  else drawPill(context, appearance, space);
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Appearance & {off: boolean}} appearance `off` where a link brings the value
 * @param {{width: number, y: number, height: number, rough: boolean}} space
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

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Appearance & {off: boolean}} appearance `off` where a link brings the value
 * @param {{width: number, y: number, height: number, rough: boolean}} space
 */
function drawRow(context, appearance, { width, y, height }) {
  const { canvas } = context;
  const style = getComputedStyle(canvas);
  const field = fieldStyle(canvas);
  const start = fieldStart(canvas, width);
  const middle = y + height / 2;
  context.font = `${style.fontSize} ${style.fontFamily}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = style.color;
  context.fillText(fitText(context, appearance.label, start - 8), 0, middle);

  context.beginPath();
  context.fillStyle = field.background;
  context.globalAlpha *= appearance.off ? 0.5 : 1;
  context.roundRect(start, y, width - start, height, FIELD_RADIUS_PX);
  context.fill();
  const alpha = context.globalAlpha;
  context.fillStyle = colour(appearance.tone, field.ink, field.ink);
  if (appearance.tone === "quiet") context.globalAlpha *= 0.55;
  const left = start + 8 + (isMarked(appearance.tone) ? DOT_PX : 0);
  const text = appearance.off ? "" : appearance.text;
  context.fillText(fitText(context, text, width - left - 26), left, middle);
  if (text && isMarked(appearance.tone)) drawDot(context, start + 11, middle);
  context.globalAlpha = 0.7 * alpha;
  drawChevron(context, width - 13, middle, style.color);
}

/**
 * Return where fields begin in the node's other rows, so that ours stands below them.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} width of the row
 */
function fieldStart(canvas, width) {
  const label = canvas
    .closest(".lg-node-widgets")
    ?.querySelector("[data-testid=widget-layout-field-label]");
  const own = canvas.getBoundingClientRect();
  const scale = own.width / width;
  if (!label || !scale) return Math.max(80, width * 0.36);
  return (label.getBoundingClientRect().right - own.left) / scale + 8;
}

/**
 * Return the colours of the node's other fields, else those of the theme.
 *
 * @param {HTMLCanvasElement} canvas
 */
function fieldStyle(canvas) {
  const field = canvas.closest(".lg-node-widgets")?.querySelector("input, button[role=combobox]");
  const found = field && getComputedStyle(field);
  const theme = getComputedStyle(canvas);
  const box = field?.closest(".bg-component-node-widget-background") ?? field;
  const background = box && getComputedStyle(box).backgroundColor;
  const plain = !background || background === "rgba(0, 0, 0, 0)";
  return {
    ink: found?.color ?? theme.color,
    background: plain
      ? theme.getPropertyValue("--component-node-widget-background") ||
        theme.getPropertyValue("--comfy-input-bg")
      : background,
  };
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
