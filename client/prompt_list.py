"""A list of prompts as a text: one a line."""

from __future__ import annotations

import re

COMMENT = "#"


def prompts_of(text: str) -> list[str]:
    """Return the prompts of a text, in order, less the spaces around them.

    Empty lines and those that begin with COMMENT are left out. A line ends as it does in files of
    any system, and not where a pasted text has a break within a paragraph.
    """
    lines = (line.strip() for line in re.split(r"\r\n|\r|\n", text))
    return [line for line in lines if line and not line.startswith(COMMENT)]
