"""Shapes of arrays and tensors in words."""

from __future__ import annotations

from collections.abc import Iterable


def shape_text(dims: Iterable[int]) -> str:
    """Return dims for a sentence, such as "1 x 64 x 64 x 3"; "none" for a single value."""
    return " x ".join(map(str, dims)) or "none"
