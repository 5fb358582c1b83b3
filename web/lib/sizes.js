// @ts-check
/** Sizes to choose from, as a list's entries. */

/** @typedef {{label: string, width: number, height: number}} Size */

/** For models that nobody knows: about a megapixel, as most are made for. */
const USUAL = /** @type {const} */ ([
  [1024, 1024],
  [1152, 896],
  [896, 1152],
  [1216, 832],
  [832, 1216],
  [1344, 768],
  [768, 1344],
]);

/**
 * Return a list's entries: the size as it is, if it is none of the others, then the others.
 *
 * @param {readonly Size[]} sizes
 * @param {number} width
 * @param {number} height
 * @returns {{entries: string[], chosen: string}}
 */
export function sizeEntries(sizes, width, height) {
  const known = sizes.length
    ? sizes
    : USUAL.map(([wide, high]) => ({ label: `${wide} x ${high}`, width: wide, height: high }));
  const found = known.find((size) => size.width === width && size.height === height);
  const chosen = found?.label ?? `${width} x ${height}`;
  const labels = known.map(({ label }) => label);
  return { entries: found ? labels : [chosen, ...labels], chosen };
}

/**
 * Return what an entry says, null for one that is no size.
 *
 * @param {unknown} entry such as "1152 x 896 (4:3)"
 * @returns {{width: number, height: number} | null}
 */
export function readSize(entry) {
  const found = /^(\d+) x (\d+)\b/.exec(String(entry));
  return found ? { width: Number(found[1]), height: Number(found[2]) } : null;
}
