// @ts-check
/** Makes many calls one. */

/**
 * Return a function that does something once, as soon as all that runs now has run.
 *
 * @param {() => void} work
 * @returns {() => void}
 */
export function debounce(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      work();
    });
  };
}
