// @ts-check
/** Adds Drawbridge's style sheets to the page. */

/**
 * Add the style sheet at this address, once.
 *
 * @param {string} address
 */
export function addStyles(address) {
  const added = [...document.querySelectorAll("link[data-drawbridge]")];
  if (added.some((link) => link.getAttribute("href") === address)) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  link.dataset.drawbridge = "";
  document.head.append(link);
}
