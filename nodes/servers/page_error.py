"""An error as the page is told it."""

from __future__ import annotations

from pathlib import Path

from ...errors import DrawbridgeError
from .. import host


def explain(error: DrawbridgeError) -> dict[str, str]:
    """Return an error for the page, which need not know where our own folder is."""
    problem, remedy = error.in_words(_for_page)
    return {"kind": type(error).__name__, "problem": problem, "remedy": remedy}


def _for_page(part: object) -> str:
    folder = host.user_folder()
    if isinstance(part, Path) and part.is_relative_to(folder):
        return str(folder.name / part.relative_to(folder))
    return str(part)
