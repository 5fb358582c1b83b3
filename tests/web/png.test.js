// What is taken of a picture's file: the chunks in which Draw Things tells how it was made.

import assert from "node:assert/strict";
import { test } from "node:test";

import { base64Of, descriptionOf } from "../../web/lib/png.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const XMP = "XML:com.adobe.xmp\0";

/**
 * @param {string} type
 * @param {string} content
 */
function chunk(type, content) {
  const body = [...type, ...content].map((one) => one.charCodeAt(0));
  const { length } = content;
  return [length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255, ...body, 1, 2, 3, 4];
}

/** @param {number[][]} chunks */
const png = (...chunks) => Uint8Array.from([...SIGNATURE, ...chunks.flat()]);

test("what the app tells is kept, and nothing else", () => {
  const told = [
    chunk("iTXt", `${XMP}\0\0\0\0{}`),
    chunk("zTXt", `${XMP}\0x`),
    chunk("tEXt", `${XMP}{}`),
    chunk("eXIf", "MM\0*"),
  ];
  const others = [chunk("IHDR", "x".repeat(13)), chunk("tEXt", "workflow\0{}"), chunk("IDAT", XMP)];
  const all = png(others[0] ?? [], ...told, ...others.slice(1), chunk("IEND", ""));
  assert.deepEqual(descriptionOf(all), png(...told));
  const inside = new Uint8Array([7, ...all]).subarray(1); // not at the beginning of its buffer
  assert.deepEqual(descriptionOf(inside), png(...told));
});

test("a damaged file and one that is far too long give what is whole", () => {
  const first = chunk("tEXt", `${XMP}{}`);
  const cut = png(first, chunk("tEXt", `${XMP}more`)).subarray(0, -1);
  assert.deepEqual(descriptionOf(cut), png(first));
  const long = chunk("tEXt", XMP + "x".repeat(600_000));
  assert.deepEqual(descriptionOf(png(long, first)), png(first));
});

test("what is no PNG is told apart", () => {
  assert.equal(descriptionOf(new Uint8Array([0xff, 0xd8, 0xff])), null);
  assert.equal(descriptionOf(new Uint8Array()), null);
});

test("bytes become base64", () => {
  assert.equal(base64Of(Uint8Array.from(SIGNATURE)), "iVBORw0KGgo=");
  assert.equal(base64Of(new Uint8Array(200_000)).length, 266_668);
});
