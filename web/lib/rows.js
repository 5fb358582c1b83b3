// @ts-check
/** How many rows a node with rows shows: those in use, and one more to be filled. */

/**
 * A row that is empty between others stays, so that nothing moves under a person's hand.
 *
 * @param {readonly boolean[]} used for each row whether something is in it
 * @returns {number} at least 1, at most all of them
 */
export function rowsToShow(used) {
  return Math.min(used.lastIndexOf(true) + 2, used.length);
}

/**
 * Return a node's height after rows have come or gone.
 *
 * What a person has added by dragging the corner is kept.
 *
 * @param {number} height as it is
 * @param {number} before the least that the rows of before needed
 * @param {number} after the least that the rows need now
 */
export function heightAfter(height, before, after) {
  return Math.max(height + after - before, after);
}

/**
 * Return which of a node's slots are to be there, in the order of its definition.
 *
 * Links of pasted nodes are found by a slot's place. So all slots are there as soon as one behind
 * the rows is linked: places are then those of the definition again.
 *
 * @param {readonly string[]} defined names of all slots, in their order
 * @param {ReadonlySet<string>} hidden names of those that are not needed
 * @param {ReadonlySet<string>} linked names of those that have a link
 * @returns {string[]}
 */
export function slotsToShow(defined, hidden, linked) {
  const first = defined.findIndex((name) => hidden.has(name) && !linked.has(name));
  const behind = first < 0 ? [] : defined.slice(first);
  if (behind.some((name) => linked.has(name))) return [...defined];
  return defined.filter((name) => !hidden.has(name) || linked.has(name));
}
