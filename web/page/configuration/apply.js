// @ts-check
/** Puts a configuration into the nodes around one of ours, and tells what was taken. */

import { versionOf } from "../../lib/catalog.js";
import { loraRows, lorasOf, mergedLoras, partition, restOf } from "../../lib/configuration.js";
import { AUTOMATIC_VERSION, LORA_ROWS } from "../../lib/facts.js";
import { feederOf, generateOf, loadModelOf } from "../../lib/graph.js";
import { IMPORT_CONFIGURATION, LORA_STACK } from "../../lib/node_types.js";
import { negativeAfter } from "../../lib/presets.js";
import { isLinked } from "../../lib/values.js";
import { keepText } from "../../lib/wiring.js";
import { say } from "../../lib/words.js";
import { asOneChange } from "../comfyui/change.js";
import { labelOf, setValue, typeOf, widgetOf } from "../comfyui/nodes.js";
import { ask } from "../comfyui/routes.js";
import { updateRows } from "../rows/rows.js";
import { withoutSettings } from "../state/model_presets.js";
import { surroundingsOf } from "../state/surroundings.js";
import { toastOutcome } from "./outcome.js";

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../lib/configuration.js").Configuration} Configuration
 * @typedef {import("../../lib/configuration.js").Lora} Lora
 */

/**
 * Settings of a configuration that an Import Configuration node can hold: their names and the text.
 *
 * @typedef {{generate: GraphNode, rest: string[], text: string}} Left
 */

/**
 * Prompts that come with settings: those of a picture, or a preset's negative one, and which a
 * preset without one replaces.
 *
 * @typedef {{prompts: Record<string, string>, negative_prompt: string, stale: string[]}} Prompts
 */

const LONG_TEXT = 40; // more than a message has room for

/**
 * Put a configuration into the graph around a node, and tell what was taken.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {string} text
 * @returns {Promise<Left | null>} what has no widget there
 * @throws {import("../../lib/problem.js").Problem} if it is none
 */
export async function applyConfiguration(app, node, text) {
  const found = await read(app, node, "configuration/read", { text });
  if (typeOf(node) === IMPORT_CONFIGURATION) {
    const taken = setAll(app, node, [["configuration", text]]);
    toastOutcome(app, "configuration.taken", taken, [], found.warnings);
    return null;
  }
  return applyFound(app, node, found, "configuration.taken");
}

/**
 * Put what a picture tells into the graph around a node, prompts included, and tell what was taken.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {string} data a PNG in base64
 * @returns {Promise<Left | null>} what has no widget there
 * @throws {import("../../lib/problem.js").Problem} if it tells nothing
 */
export async function applyPicture(app, node, data) {
  const found = await read(app, node, "configuration/picture", { data });
  if (typeOf(node) === IMPORT_CONFIGURATION) {
    const taken = setAll(app, node, [["configuration", found.text]]);
    toastOutcome(app, "configuration.taken", taken, [], found.warnings);
    return null;
  }
  return applyFound(app, node, found, "configuration.taken");
}

/**
 * Read what somebody brings, for the model that it names, else for the one that is wired.
 *
 * @template {"configuration/read" | "configuration/picture"} Route
 * @param {App} app
 * @param {GraphNode} node
 * @param {Route} route
 * @param {Record<string, string>} brought
 * @returns {Promise<import("../../routes.js").Answers[Route]>}
 * @throws {import("../../lib/problem.js").Problem} if it is of no use
 */
async function read(app, node, route, brought) {
  const { model, version, catalog } = surroundingsOf(app, node);
  const found = await ask(app.api, route, { ...brought, model, version });
  // The server has no list of the models of Draw Things' server; the page may have.
  const own = found.model ? versionOf(catalog, found.model, AUTOMATIC_VERSION) : "";
  if (!own || own === found.version) return found;
  return ask(app.api, route, { ...brought, model: found.model, version: own });
}

/**
 * Put what was read into the graph around a node, and tell what was taken.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {Configuration & Partial<Prompts>} found
 * @param {"configuration.taken" | "presets.taken"} title
 * @returns {Left | null} what has no widget there
 */
export function applyFound(app, node, found, title) {
  const generate = generateOf(node)?.node ?? null;
  const { taken, left, loras } = asOneChange(app, () => {
    const parted = applyWidgets(app, generate, found.widgets);
    applyModel(app, generate ?? node, found.model, parted.taken, parted.left);
    const loras = applyLoras(app, generate, found, parted.taken, parted.left);
    if (generate) keepText(generate, found.kept_text ?? "");
    const now = String((generate && widgetOf(generate, "negative_prompt")?.value) ?? "");
    const negative_prompt = negativeAfter(found, now);
    const prompts = found.prompts ?? (negative_prompt === now ? {} : { negative_prompt });
    if (generate && Object.keys(prompts).length) {
      const more = applyWidgets(app, generate, prompts);
      parted.taken.push(...more.taken);
      parted.left.push(...more.left);
    }
    return { ...parted, loras };
  });
  toastOutcome(
    app,
    left.length ? "configuration.taken.partly" : title,
    taken,
    left,
    found.warnings,
  );
  const { rest, text: others } = restOf(found, loras);
  return generate && { generate, rest, text: others };
}

/**
 * @param {App} app
 * @param {GraphNode | null} generate
 * @param {Readonly<Record<string, unknown>>} values
 * @returns {{taken: string[], left: string[]}}
 */
export function applyWidgets(app, generate, values) {
  const names = (generate?.widgets ?? []).map((widget) => widget.name);
  const linked = names.filter((name) => generate && isLinked(generate, name));
  const { taken, left } = partition(values, new Set(names), new Set(linked));
  const set = generate ? setAll(app, generate, taken) : [];
  const why = generate ? "configuration.linked" : "configuration.unwired";
  const called = (/** @type {string} */ name) => {
    const widget = generate && widgetOf(generate, name);
    return widget ? labelOf(widget) : name;
  };
  return { taken: set, left: left.map((name) => say(why, { name: called(name) })) };
}

/**
 * @param {App} app
 * @param {GraphNode} node
 * @param {string} file
 * @param {string[]} taken grows
 * @param {string[]} left grows
 */
function applyModel(app, node, file, taken, left) {
  if (!file) return;
  const load = loadModelOf(node)?.node;
  if (!load) left.push(say("configuration.unwired", { name: file }));
  else if (isLinked(load, "model")) left.push(say("configuration.linked", { name: file }));
  else {
    // What was set by hand is of the model before.
    withoutSettings(() =>
      setAll(app, load, [
        ["model", file],
        ["version", AUTOMATIC_VERSION],
      ]),
    );
    taken.push(file);
  }
}

/**
 * @param {App} app
 * @param {GraphNode | null} generate
 * @param {Configuration} found
 * @param {string[]} taken grows
 * @param {string[]} left grows
 * @returns {readonly Lora[]} those that are in no row
 */
function applyLoras(app, generate, { loras, drops }, taken, left) {
  if (!generate) {
    left.push(...loras.map(({ file }) => say("configuration.unwired", { name: file })));
    return [];
  }
  const stack = feederOf(generate, "loras", LORA_STACK)?.node;
  if (!stack) return loras;
  const before = lorasOf((name) => widgetOf(stack, name)?.value, LORA_ROWS);
  const rows = loraRows(mergedLoras(before, loras, drops), LORA_ROWS);
  setAll(app, stack, rows.values);
  updateRows(app, stack);
  taken.push(...rows.placed.map(({ file }) => file));
  return rows.left;
}

/**
 * Set widgets; return what was set, as people read it.
 *
 * @param {App} app
 * @param {GraphNode} node
 * @param {readonly (readonly [string, unknown])[]} values
 * @returns {string[]}
 */
function setAll(app, node, values) {
  /** @type {string[]} */
  const set = [];
  for (const [name, value] of values) {
    const widget = widgetOf(node, name);
    if (!widget) continue;
    setValue(app, node, widget, value);
    const isLong = typeof value === "string" && value.length > LONG_TEXT;
    set.push(isLong ? labelOf(widget) : `${labelOf(widget)} ${value}`);
  }
  return set;
}
