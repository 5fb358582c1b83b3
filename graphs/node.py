"""Nodes of a graph that is converted: what is to be replaced, and what of ours is to be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .room import size

Id = int | str
Layouts = Mapping[str, Iterable[Sequence[str]]]


class Ref(NamedTuple):
    """What a link comes from: a node's output by its place."""

    node: Id
    slot: int


@dataclass
class Node:
    """A node of ours that is to be written; `at` is None where it has no place yet.

    `instead_of` is the size, in pixels, of the node that it replaces.
    """

    id: Id
    type: str
    inputs: dict[str, Any] = field(default_factory=dict)
    at: Sequence[float] | None = None
    mode: int = 0
    title: str = ""
    instead_of: Sequence[float] | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Return width and height, in pixels."""
        return size(self.type, self.inputs, self.instead_of)


@dataclass
class Theirs:
    """A node that is to be replaced: values of its widgets and links to it, by name."""

    id: Id
    type: str
    values: dict[str, Any]
    links: dict[str, Ref]
    at: Sequence[float] | None = None
    mode: int = 0
    title: str = ""
    size: Sequence[float] | None = None
