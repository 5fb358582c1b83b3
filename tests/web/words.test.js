// @ts-check
/** Texts: complete in every language, with the same blanks to fill. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { afterEach, test } from "node:test";

import { TABLE, language, say, speak } from "../../web/lib/words.js";
import { LANGUAGES } from "../../web/lib/words/languages.js";

afterEach(() => speak("en"));

/** @param {string} text */
const blanks = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();

for (const [key, texts] of Object.entries(TABLE)) {
  test(`${key} is said in every language`, () => {
    assert.deepEqual(Object.keys(texts).sort(), [...LANGUAGES].sort());
    for (const text of Object.values(texts)) {
      assert.ok(text.trim(), "a text is empty");
      assert.deepEqual(blanks(text), blanks(texts.en));
    }
  });
}

test("the language follows the locale and falls back to English", () => {
  for (const [locale, expected] of [
    ["de", "de"],
    ["zh-TW", "zh"],
    ["ja_JP", "ja"],
    ["ko", "en"],
    ["", "en"],
  ]) {
    speak(String(locale));
    assert.equal(language(), expected);
  }
});

test("a text is said in the chosen language", () => {
  assert.equal(say("settings.open"), TABLE["settings.open"].en);
  speak("de");
  assert.equal(say("settings.open"), TABLE["settings.open"].de);
});

const WEB = new URL("../../web/", import.meta.url);
const CODE = readdirSync(WEB, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith(".js") && !/\bwords\b.+/.test(path.replaceAll("\\", "/")))
  .map((path) => readFileSync(new URL(path.replaceAll("\\", "/"), WEB), "utf-8"))
  .join("\n");

test("every text is said somewhere", () => {
  const said = new Set([...CODE.matchAll(/"([\w. ]+)"/g)].map(([, text]) => text));
  const silent = Object.keys(TABLE).filter((key) => !said.has(key));
  assert.deepEqual(silent, []);
});

test("every text that is said is in the table", () => {
  assert.doesNotMatch(CODE, /\bsay\(\s*`/, "whether a key that is put together is said is unknown");
  const keys = [...CODE.matchAll(/\bsay\(\s*"([^"]+)"/g)].map(([, key]) => key);
  assert.ok(keys.length > 50);
  assert.deepEqual(
    keys.filter((key) => !Object.hasOwn(TABLE, String(key))),
    [],
  );
});
