// @ts-check
/** What a PNG file has besides its pixels. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const FRAME_BYTES = 12; // length, type and check sum
const MOST_BYTES = 512 * 1024;
const TEXTS = ["iTXt", "zTXt", "tEXt"];
/** The keyword under which Draw Things tells how a picture was made; macOS may repeat it as EXIF. */
const KEYWORD = "XML:com.adobe.xmp";

/**
 * Return a PNG of the chunks alone in which Draw Things tells how a picture was made: a few
 * thousand bytes, maybe none but the signature.
 *
 * @param {Uint8Array} file
 * @returns {Uint8Array | null} null for what is no PNG
 */
export function descriptionOf(file) {
  if (SIGNATURE.some((byte, place) => file[place] !== byte)) return null;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  /** @type {number[]} */
  const kept = [...SIGNATURE];
  for (let place = SIGNATURE.length; place + FRAME_BYTES <= file.length; ) {
    const end = place + FRAME_BYTES + view.getUint32(place);
    if (end > file.length) break;
    if (end - place <= MOST_BYTES && tells(file.subarray(place + 4, end))) {
      kept.push(...file.subarray(place, end));
    }
    place = end;
  }
  return Uint8Array.from(kept);
}

/** @param {Uint8Array} chunk from its type on */
function tells(chunk) {
  const head = String.fromCharCode(...chunk.subarray(0, 4 + KEYWORD.length));
  const [type, rest] = [head.slice(0, 4), head.slice(4)];
  return type === "eXIf" || (TEXTS.includes(type) && rest === KEYWORD);
}

/**
 * Return bytes in base64.
 *
 * @param {Uint8Array} bytes
 */
export function base64Of(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
