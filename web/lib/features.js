// @ts-check
/** Joins what the features of the page add to ComfyUI into one extension. */

/**
 * @typedef {import("../comfyui.js").Extension} Extension
 * @typedef {Omit<Extension, "name">} Feature what one feature adds: hooks, commands, settings
 */

/** Lists: those of all features, one after the other. */
const LISTS = /** @type {const} */ (["commands", "menuCommands", "settings"]);

/** Hooks that answer entries of menus and toolboxes: those of all features, one after the other. */
const MENUS = /** @type {const} */ (["getNodeMenuItems", "getSelectionToolboxCommands"]);

/**
 * Return one extension that does what all features do, in their order.
 *
 * A feature that fails in a hook is reported on the console and keeps none of the others from it.
 *
 * @param {readonly Feature[]} features
 * @param {(hook: string, error: unknown) => void} report
 * @returns {Feature}
 */
export function combine(features, report = reportToConsole) {
  /** @type {Record<string, unknown>} */
  const combined = {};
  const names = new Set(features.flatMap((feature) => Object.keys(feature)));
  for (const name of names) {
    const parts = features
      .map((feature) => /** @type {Record<string, unknown>} */ (feature)[name])
      .filter((part) => part !== undefined);
    if (/** @type {readonly string[]} */ (LISTS).includes(name)) {
      combined[name] = parts.flat();
    } else {
      const hooks = /** @type {((...values: unknown[]) => unknown)[]} */ (parts);
      const answers = (/** @type {unknown[]} */ values) => callAll(name, hooks, values, report);
      if (/** @type {readonly string[]} */ (MENUS).includes(name)) {
        combined[name] = (/** @type {unknown[]} */ ...values) => answers(values).flat();
      } else {
        combined[name] = async (/** @type {unknown[]} */ ...values) => {
          await Promise.all(answers(values));
        };
      }
    }
  }
  return /** @type {Feature} */ (combined);
}

/**
 * @param {string} name
 * @param {((...values: unknown[]) => unknown)[]} hooks
 * @param {unknown[]} values
 * @param {(hook: string, error: unknown) => void} report
 * @returns {unknown[]} the answers of those that did not fail
 */
function callAll(name, hooks, values, report) {
  /** @type {unknown[]} */
  const answers = [];
  for (const hook of hooks) {
    try {
      const answer = hook(...values);
      answers.push(
        answer instanceof Promise ? answer.catch((error) => report(name, error)) : answer,
      );
    } catch (error) {
      report(name, error);
    }
  }
  return answers;
}

/**
 * @param {string} hook
 * @param {unknown} error
 */
function reportToConsole(hook, error) {
  console.error(`Drawbridge: ${hook} failed`, error);
}
