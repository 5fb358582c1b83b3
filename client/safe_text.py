"""What of a foreign text may be shown: terminals obey some characters, and length floods a page."""

from __future__ import annotations

import re
from typing import TypeGuard

# Control characters, halves of surrogates, and what turns the direction of writing around.
_HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_OTHER_THAN_BREAKS = re.compile("(?![\n\t])" + _HARMFUL.pattern)
LONGEST_FILE = 255
LONGEST_NAME = 300
LONGEST_TEXT = 10_000


def is_file_name(name: object) -> TypeGuard[str]:
    """Return whether it is a text that a server can have as the name of a file."""
    if not isinstance(name, str):
        return False
    return 0 < len(name) <= LONGEST_FILE and not _HARMFUL.search(name)


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """Return a text on one line, without what is not to be shown, cut where it is too long."""
    shown = " ".join(_HARMFUL.sub(" ", text[: 2 * longest]).split())
    return shown if len(shown) <= longest else f"{shown[:longest]}..."


def lines(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text with its lines as they are, without what is not to be shown."""
    shown = _OTHER_THAN_BREAKS.sub(" ", text[:longest])
    return shown if len(text) <= longest else f"{shown}..."
