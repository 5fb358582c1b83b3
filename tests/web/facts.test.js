// @ts-check
/** What the page has in common with the nodes is told once on its side. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import * as facts from "../../web/lib/facts.js";

const WEB = new URL("../../web/", import.meta.url);
const HOME = "lib/facts.js";
/** Texts for people may hold the same words. */
const SCRIPTS = readdirSync(WEB, { recursive: true })
  .map((path) => String(path).replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".js") && path !== HOME && !path.startsWith("lib/words/"))
  .map((path) => ({ path, text: readFileSync(new URL(path, WEB), "utf-8") }));

const VALUES = [
  ...Object.values(facts.TRANSPORT),
  facts.AUTOMATIC_VERSION,
  facts.SECRET_VARIABLE_PREFIX,
  facts.SERVER_EVENT,
  facts.FINISHED,
  facts.SERVER_SOCKET,
  facts.MODEL_SOCKET,
  String(facts.DEFAULT_PORT),
];

for (const value of VALUES) {
  test(`"${value}" is told in ${HOME} alone`, () => {
    assert.ok(SCRIPTS.length > 30);
    for (const { path, text } of SCRIPTS) {
      assert.ok(!text.toLowerCase().includes(`"${value.toLowerCase()}`), path);
      assert.doesNotMatch(text, new RegExp(`\\b${facts.DEFAULT_PORT}\\b`), path);
    }
  });
}
