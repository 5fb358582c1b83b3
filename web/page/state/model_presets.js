// @ts-check
/** Whether a model that a person chooses brings its recommended settings along. */

let follows = false;
let quiet = 0;

/** Say whether a chosen model brings its settings; as long as the page is open. */
export function bringsSettings() {
  return follows;
}

/** @param {boolean} wanted */
export function setBringsSettings(wanted) {
  follows = wanted;
}

/**
 * Change models without a word of their settings: they come with others, as in a configuration.
 *
 * @template Answer
 * @param {() => Answer} work
 * @returns {Answer}
 */
export function withoutSettings(work) {
  quiet++;
  try {
    return work();
  } finally {
    quiet--;
  }
}

/** Say whether models are changed with other settings just now. */
export function comesWithOthers() {
  return quiet > 0;
}
