"""Keys of JSON in the one style of the two in which Draw Things reads and writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

V = TypeVar("V")
_NEXT_WORD = re.compile(r"(?<=[a-z0-9])([A-Z])")


def snake_keys(element: Mapping[str, V]) -> dict[str, V]:
    """Return the element with keys as snake_case, whichever of the two styles they have."""
    return {_snake(key): value for key, value in element.items()}


def _snake(key: str) -> str:
    return key if key.islower() else _NEXT_WORD.sub(r"_\1", key).lower()
