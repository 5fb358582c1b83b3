"""Reads the five lists of specifications as a server does: bad elements are dropped.

Keys and types are those of docs/protocol.md 1.4.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...facts import specifications as facts
from ...facts.snake_case import snake_keys

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
Specification: TypeAlias = Mapping[str, JsonValue]

# The five lists under the names of a request's fields, and under those of the facts.
_LISTS = {
    "models": "models",
    "loras": "loras",
    "controlNets": "controls",
    "textualInversions": "textual_inversions",
    "upscalers": "upscalers",
}
KINDS = tuple(_LISTS)


@dataclass(frozen=True)
class Reading:
    """What one list held: the specifications that are whole, and why each of the others is not."""

    specifications: tuple[Specification, ...]
    dropped: tuple[str, ...]


def read(kind: str, data: bytes) -> Reading:
    """Read one list of `KINDS` from its JSON; bytes that are no JSON array give an empty list."""
    if not data:
        return Reading((), ())
    try:
        elements = json.loads(data)
    except (ValueError, RecursionError):
        return Reading((), (f"override.{kind} is not JSON",))
    if not isinstance(elements, list):
        return Reading((), (f"override.{kind} is not a JSON array",))
    whole: list[Specification] = []
    dropped: list[str] = []
    for index, element in enumerate(elements):
        fault = find_fault(kind, element)
        if fault:
            dropped.append(f"override.{kind}[{index}] {fault}")
        else:
            whole.append(snake_keys(element))
    return Reading(tuple(whole), tuple(dropped))


def whole(kind: str, elements: Iterable[JsonValue]) -> tuple[Specification, ...]:
    """Return the elements that a server would not drop."""
    return tuple(
        element
        for element in elements
        if isinstance(element, Mapping) and find_fault(kind, element) is None
    )


def find_fault(kind: str, element: JsonValue) -> str | None:
    """Say why a server would drop the element, or return None where it would not."""
    if not isinstance(element, Mapping):
        return "is not an object"
    fault = facts.find_fault(_LISTS[kind], element)
    if fault is None:
        return None
    if fault.missing:
        return f"has no '{fault.missing[0]}'"
    return f"has a '{fault.wrong[0][0]}' of the wrong type or value"


def write(specifications: Iterable[Specification]) -> bytes:
    """Return a list as its JSON: UTF-8, keys as they are, nothing that is None."""
    elements = [
        {key: value for key, value in entry.items() if value is not None}
        for entry in specifications
    ]
    return json.dumps(elements, ensure_ascii=False, separators=(",", ":")).encode()
