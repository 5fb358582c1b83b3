"""How large our nodes are in a graph, and room for them among the others.

The page shows a node as large as its rows want at least, whatever a file says: what a file gives
too little room lies on its neighbours then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .own_nodes import (
    CONNECT,
    GENERATE,
    IMPORT,
    LORAS,
    MOODBOARD,
    PROMPT,
    TEXTS,
    UPSCALER,
    own_nodes,
)

GAP_PX = 40
WIDTH_PX = 320
_LEAST_WIDTH_PX = 270  # below it, values of lists are cut
_WIDE_PX = {UPSCALER: 340}  # the page gives a title its whole length
_ROW_PX, _HEAD_PX, _TITLE_PX = 26, 90, 30
_ANY_PX = (210.0, 100.0)  # of a node without a size
# What texts of several lines, and the words on Connect, take beyond a row.
_MORE_PX = {CONNECT: 90, PROMPT: 80, GENERATE: 60, IMPORT: 80, TEXTS: 180}
# Nodes that show the rows that are used, and one more; what begins the name of what uses a row.
_IN_ROWS = {LORAS: "lora_", MOODBOARD: "image_"}
_NUMBERED = re.compile(r"_([2-8])$")


def size(
    kind: str, inputs: Mapping[str, Any], instead_of: Sequence[float] | None
) -> tuple[float, float]:
    """Return width and height of one of our nodes, without its title, in pixels.

    `instead_of` is the size of what it replaces.
    """
    width = max(instead_of[0], _LEAST_WIDTH_PX) if instead_of else WIDTH_PX
    width = max(width, _WIDE_PX.get(kind, 0))
    tall = _height(kind, inputs)
    if instead_of and kind == PROMPT:  # as large as its writer wanted the text to be
        tall = max(tall, instead_of[1])
    return width, tall


def _height(kind: str, inputs: Mapping[str, Any]) -> float:
    known = own_nodes()[kind]
    names = [*known.sockets, *known.widgets]
    if kind in _IN_ROWS:
        used = [name for name in names if inputs.get(name) and name.startswith(_IN_ROWS[kind])]
        last = max(map(_row, used), default=0) + 1
        names = [name for name in names if _row(name) <= last]
    return _HEAD_PX + _ROW_PX * len(names) + _MORE_PX.get(kind, 0)


def _row(name: str) -> int:
    found = _NUMBERED.search(name)
    return int(found[1]) if found else 1


def xy(place: Any) -> tuple[float, float]:
    """Return the two numbers of a place or size as pages save it."""
    if isinstance(place, Mapping):  # older pages: {"0": x, "1": y}
        return float(place.get("0", 0)), float(place.get("1", 0))
    return float(place[0]), float(place[1])


@dataclass
class Box:
    """A node's place, with its title, in pixels."""

    x: float
    y: float
    width: float
    height: float

    def covers(self, other: Box) -> bool:
        """Return whether the two have a part in common."""
        aside = self.x + self.width <= other.x or other.x + other.width <= self.x
        apart = self.y + self.height <= other.y or other.y + other.height <= self.y
        return not aside and not apart


def box(node: Mapping[str, Any], size: Sequence[float] | None = None) -> Box:
    """Return where a saved node is; `size` is what it has now in place of its own."""
    x, y = xy(node["pos"])
    width, tall = size or xy(node.get("size") or _ANY_PX)
    return Box(x, y - _TITLE_PX, width, tall + _TITLE_PX)


def places(nodes: Iterable[Mapping[str, Any]], sizes: Mapping[Any, Any]) -> dict[Any, list[float]]:
    """Return by id where saved nodes are to stand, if some have the sizes given, by id, so that
    none covers another that it did not cover before. What is folded or has no place is left out.
    """
    placed = [
        node for node in nodes if node.get("pos") and not (node.get("flags") or {}).get("collapsed")
    ]
    before = [box(node) for node in placed]
    after = [box(node, sizes.get(node["id"])) for node in placed]
    _push_apart(before, after, [at for at, node in enumerate(placed) if node["id"] in sizes])
    return {node["id"]: [one.x, one.y + _TITLE_PX] for node, one in zip(placed, after, strict=True)}


def _push_apart(before: Sequence[Box], after: Sequence[Box], waiting: list[int]) -> None:
    """Move boxes of `after`, beginning with those next to what waits, whose places are given.

    What stood right of another goes to the right, what stood below it goes down.
    """
    for _ in range(20 * len(after)):  # boxes in a ring would push each other for ever
        if not waiting:
            return
        one = waiting.pop(0)
        for other in range(len(after)):
            covered = one != other and after[one].covers(after[other])
            if not covered or before[one].covers(before[other]):
                continue
            pair = (one, other) if _is_behind(before[other], before[one]) else (other, one)
            _push(before, after, *pair)
            if pair[1] not in waiting:
                waiting.append(pair[1])


def _is_behind(box: Box, other: Box) -> bool:
    """Return whether a box is right of another, or else below it."""
    if box.x >= other.x + other.width or other.x >= box.x + box.width:
        return box.x >= other.x + other.width
    return box.y >= other.y + other.height


def _push(before: Sequence[Box], after: Sequence[Box], first: int, second: int) -> None:
    old, behind, moved = before[first], before[second], after[second]
    gap = behind.x - old.x - old.width
    if gap >= 0:
        moved.x = after[first].x + after[first].width + min(gap, GAP_PX)
        return
    gap = behind.y - old.y - old.height
    moved.y = after[first].y + after[first].height + min(gap, GAP_PX)
