// @ts-check
/** Finds the words of a search in what lists show, whatever the case or width of letters. */

/**
 * Return the words of a search.
 *
 * @param {string} query
 * @returns {string[]}
 */
export function searchWords(query) {
  return fold(query).split(/\s+/).filter(Boolean);
}

/**
 * Say whether all words are in a record's name, file, version's name or keyword.
 *
 * @param {{file: string, name: string, version_name?: string, keyword?: string}} item
 * @param {readonly string[]} wanted from `searchWords`
 */
export function matches(item, wanted) {
  const text = fold([item.name, item.file, item.version_name, item.keyword].join("\n"));
  return wanted.every((word) => text.includes(word));
}

/**
 * Return a text in pieces, of which those that a search found are marked.
 *
 * @param {string} text
 * @param {readonly string[]} wanted from `searchWords`
 * @returns {{text: string, found: boolean}[]}
 */
export function highlight(text, wanted) {
  const folded = fold(text);
  // Letters that change their length when folded would shift the marks.
  if (folded.length !== text.length || !wanted.length) return [{ text, found: false }];
  const hit = new Array(text.length).fill(false);
  for (const word of wanted) {
    for (let at = folded.indexOf(word); at >= 0; at = folded.indexOf(word, at + 1)) {
      hit.fill(true, at, at + word.length);
    }
  }
  /** @type {{text: string, found: boolean}[]} */
  const pieces = [];
  for (let at = 0; at < text.length;) {
    let end = at;
    while (end < text.length && hit[end] === hit[at]) end += 1;
    pieces.push({ text: text.slice(at, end), found: hit[at] });
    at = end;
  }
  return pieces;
}

/**
 * Return a text as it is compared.
 *
 * @param {string} text
 */
export function fold(text) {
  return text.normalize("NFKC").toLowerCase();
}
