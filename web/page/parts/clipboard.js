// @ts-check
/** Reads and writes the clipboard, which pages on plain http addresses may not touch. */

/** @returns {Promise<string | null>} null if the browser does not let us */
export async function readClipboard() {
  try {
    return await navigator.clipboard.readText();
  } catch {
    return null;
  }
}

/**
 * @param {string} text
 * @returns {Promise<boolean>} false if the browser does not let us
 */
export async function writeClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
