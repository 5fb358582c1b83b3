"""Finds the graphs of example_workflows/ by their subject: their files are titled for people."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "example_workflows"
# "01 Text to image": pages that sort show the graphs in the order in which people start. ComfyUI's
# page lists what ends in ".app" as an app, and opens it as one.
_TITLE = re.compile(r"\d\d (.+?)(\.app)?")


def subjects() -> list[str]:
    """Return the subjects of all shared graphs, such as "text_to_image" and, of an app,
    "app_text_to_image", in their order.
    """
    return [_subject(path) for path in sorted(FOLDER.glob("*.json"))]


def shared_graph(subject: str) -> Path:
    """Return the file of the graph about a subject. Raises LookupError where there is none."""
    for path in FOLDER.glob("*.json"):
        if _subject(path) == subject:
            return path
    raise LookupError(f"no shared graph is about {subject}")


def _subject(path: Path) -> str:
    title = _TITLE.fullmatch(path.stem)
    if title is None:
        raise ValueError(f"{path.name} does not begin with two digits and a space")
    return ("app_" if title[2] else "") + title[1].lower().replace(" ", "_")
