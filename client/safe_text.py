"""What of a foreign text may be shown: terminals obey some characters, and length floods a page."""

from __future__ import annotations

import re
from typing import TypeGuard

# Control characters, halves of surrogates, and what turns the direction of writing around.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
# What takes no room or cannot be seen: with it two names look alike and are not.
_UNSEEN = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_OTHER_THAN_BREAKS = re.compile("(?![\n\t])" + _HARMFUL.pattern)
_SEPARATOR = re.compile(r"[/\\]")
LONGEST_FILE = 255
LONGEST_NAME = 300
LONGEST_TEXT = 10_000


def is_file_name(name: object) -> TypeGuard[str]:
    """Return whether it is a text that a server can have as the name of a file."""
    if not isinstance(name, str):
        return False
    if not 0 < len(name) <= LONGEST_FILE or not name.strip():
        return False
    if name.startswith("/") or ".." in _SEPARATOR.split(name):  # leads out of the models folder
        return False
    return not _HARMFUL.search(name) and not _UNSEEN.search(name)


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """Return a text on one line, without what is not to be shown, cut where it is too long."""
    seen = _UNSEEN.sub("", text[: 2 * longest])
    shown = " ".join(_HARMFUL.sub(" ", seen).split())
    return shown if len(shown) <= longest else f"{shown[:longest]}..."


def lines(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text with its lines as they are, without what is not to be shown."""
    shown = _OTHER_THAN_BREAKS.sub(" ", text[:longest])
    return shown if len(text) <= longest else f"{shown}..."
