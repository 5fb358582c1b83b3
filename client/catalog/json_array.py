"""A JSON array read element by element, so that a long one does not hold up other threads.

`json.loads` keeps Python's lock until it is done: 2 seconds for an array of 12 MB.
"""

from __future__ import annotations

import json
import re

# Of one element; the specifications that there are have 2,000 or less.
LONGEST_ELEMENT = 1 << 17
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def elements(text: str, most: int) -> tuple[list[object], bool]:
    """Return the first `most` elements of an array, and whether these are all; others are not read.

    Raises ValueError for a text that is no JSON array, and for an element of more than
    LONGEST_ELEMENT characters; RecursionError for one too deep.
    """
    at = _after_space(text, 0)
    if text[at : at + 1] != "[":
        raise ValueError("no JSON array")
    at = _after_space(text, at + 1)
    found: list[object] = []
    if text[at : at + 1] == "]":
        return _ended(text, at, found), True
    while len(found) < most:
        value, length = _DECODER.raw_decode(text[at : at + LONGEST_ELEMENT])
        found.append(value)
        at = _after_space(text, at + length)
        if text[at : at + 1] == "]":
            return _ended(text, at, found), True
        if text[at : at + 1] != ",":
            raise ValueError("no comma between two elements")
        at = _after_space(text, at + 1)
    return found, False


def _ended(text: str, at: int, found: list[object]) -> list[object]:
    if _after_space(text, at + 1) != len(text):
        raise ValueError("something follows the array")
    return found


def _after_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return at if space is None else space.end()
