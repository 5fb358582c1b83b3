// @ts-check
/** Who may import whom: no circle among files or folders, and arrows run down only. */

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";

const WEB = new URL("../../web/", import.meta.url);
const FILES = readdirSync(WEB, { recursive: true })
  .map((path) => String(path).replaceAll("\\", "/"))
  .filter((path) => /\.(js|d\.ts)$/.test(path));

/** Folders of page/ by what they may know besides themselves and lib/. */
/** @type {Readonly<Record<string, readonly string[]>>} */
const MAY_KNOW = {
  parts: [],
  comfyui: [],
  state: ["comfyui"],
  secret: ["comfyui", "parts"],
  // Features, which a person sees as one thing each.
  configuration: ["comfyui", "parts", "state", "rows"],
  connect: ["comfyui", "parts", "secret", "state"],
  generate: ["comfyui", "parts", "state"],
  panel: ["comfyui", "parts", "secret", "state"],
  picker: ["comfyui", "parts", "state"],
  rows: ["comfyui", "parts", "state"],
};

/** @typedef {{from: string, to: string}} Arrow */

/** Imports of every kind, those of types in comments among them. */
const ARROWS = FILES.flatMap(arrowsOf);

/**
 * @param {string} from a file below web/
 * @returns {Arrow[]}
 */
function arrowsOf(from) {
  const text = readFileSync(new URL(from, WEB), "utf-8");
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].flatMap(([, named]) => {
    const path = posix.join(posix.dirname(from), String(named));
    if (path.startsWith("..")) return []; // ComfyUI's own
    const to = [path, path.replace(/\.js$/, ".d.ts")].find((one) => existsSync(new URL(one, WEB)));
    assert.ok(to, `${from} imports ${named}, which is not there`);
    return [{ from, to }];
  });
}

/**
 * Return the arrows between the files and folders that lie directly in a folder.
 *
 * @param {string} folder such as "page/" or ""
 * @returns {Map<string, Set<string>>}
 */
function level(folder) {
  const entry = (/** @type {string} */ path) => path.slice(folder.length).split("/")[0] ?? "";
  /** @type {Map<string, Set<string>>} */
  const known = new Map();
  for (const { from, to } of ARROWS) {
    if (!from.startsWith(folder) || !to.startsWith(folder) || entry(from) === entry(to)) continue;
    known.set(entry(from), (known.get(entry(from)) ?? new Set()).add(entry(to)));
  }
  return known;
}

/**
 * Return a way that leads back to where it began, null if there is none.
 *
 * @param {Map<string, Set<string>>} known
 * @returns {string[] | null}
 */
function circle(known) {
  const done = new Set();
  /**
   * @param {string} at
   * @param {string[]} way
   * @returns {string[] | null}
   */
  const walk = (at, way) => {
    if (way.includes(at)) return [...way.slice(way.indexOf(at)), at];
    if (done.has(at)) return null;
    for (const next of known.get(at) ?? []) {
      const found = walk(next, [...way, at]);
      if (found) return found;
    }
    done.add(at);
    return null;
  };
  for (const start of known.keys()) {
    const found = walk(start, []);
    if (found) return found;
  }
  return null;
}

const FOLDERS = new Set(
  FILES.flatMap((path) => {
    const parts = path.split("/").slice(0, -1);
    return ["", ...parts.map((_, index) => `${parts.slice(0, index + 1).join("/")}/`)];
  }),
);

for (const folder of FOLDERS) {
  test(`nothing in web/${folder} imports what imports it`, () => {
    assert.equal(circle(level(folder))?.join(" -> ") ?? "", "");
  });
}

test("a circle is found", () => {
  const arrows = /** @type {[string, string[]][]} */ ([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["d", ["b"]],
  ]);
  const known = new Map(arrows.map(([from, to]) => [from, new Set(to)]));
  assert.deepEqual(circle(known), ["b", "d", "b"]);
  assert.ok(ARROWS.length > 150);
});

test("lib/ knows nothing of the page", () => {
  const up = ARROWS.filter(({ from, to }) => from.startsWith("lib/") && !to.startsWith("lib/"));
  assert.deepEqual(new Set(up.map(({ to }) => to)), new Set(["comfyui.d.ts"])); // types alone
});

test("every folder of page/ knows only those below it", () => {
  const room = (/** @type {string} */ path) => /^page\/(.+?)\//.exec(path)?.[1];
  for (const path of FILES) {
    if (path.startsWith("page/"))
      assert.ok(Object.hasOwn(MAY_KNOW, room(path) ?? ""), `${path} has no room`);
  }
  for (const { from, to } of ARROWS) {
    const [one, other] = [room(from), room(to)];
    if (one === undefined || other === undefined || one === other) continue;
    assert.ok(MAY_KNOW[one]?.includes(other), `${from} imports ${to}`);
  }
});

test("only the first script knows ComfyUI's own scripts, and is imported by none", () => {
  for (const path of FILES.filter((one) => one.endsWith(".js"))) {
    const isFirst = path === "drawbridge.js";
    const text = readFileSync(new URL(path, WEB), "utf-8");
    assert.equal(/\/scripts\/app\.js"/.test(text), isFirst, path);
  }
  assert.ok(!ARROWS.some(({ to }) => to === "drawbridge.js"));
});

// ComfyUI imports every script by itself. Node has no page, so who touches it on import fails here.
for (const path of FILES.filter((one) => one.endsWith(".js") && one !== "drawbridge.js")) {
  test(`${path} does nothing on import`, async () => {
    const before = Object.keys(globalThis);
    await import(new URL(path, WEB).href);
    assert.deepEqual(Object.keys(globalThis), before);
  });
}
