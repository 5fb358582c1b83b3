"""Turns graphs of the official Draw Things pack, and of Jokimbe's, into ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import RequestRejected
from . import controls
from . import draw_things_pack as pack
from .conversion import Conversion, Graph
from .prompt import Prompt
from .workflow import Workflow


@dataclass(frozen=True)
class Converted:
    """How many nodes were replaced, and sentences about what changes the picture."""

    nodes: int
    notes: tuple[str, ...]


def convert(graph: Any) -> Converted:
    """Replace in a graph's JSON, in place, all nodes of those packs.

    It may be what the page saves, with its subgraphs, or what is queued. Raises RequestRejected for
    what is no graph.
    """
    if isinstance(graph, dict) and isinstance(graph.get("nodes"), list):
        parts: list[Graph] = [*Workflow.all_of(graph)]
    elif isinstance(graph, dict) and any(
        isinstance(node, dict) and "class_type" in node for node in graph.values()
    ):
        parts = [Prompt(graph)]
    else:
        raise RequestRejected(
            "The file is no graph of ComfyUI.",
            "Give a workflow that the page has saved, or one exported for the API.",
        )
    count, notes = 0, []
    for part in parts:
        found = part.theirs(pack.LAYOUTS)
        if not found:
            continue
        work = Conversion(part, found)
        work.run()
        controls.convert(work)
        count += len(found)
        notes += work.notes
        part.replace(list(work.made.values()), pack.SOCKETS, _note(work.notes))
    return Converted(count, tuple(notes))


def _note(notes: list[str]) -> str:
    if not notes:
        return ""
    lines = "\n".join(f"* {one}" for one in notes)
    return f"Converted to Drawbridge. What could not be taken over, or is otherwise now:\n{lines}"
