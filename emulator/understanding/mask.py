"""Reads masks: which kinds of pixels there are, what follows from them (docs/protocol.md 4.3)."""

from __future__ import annotations

import numpy as np

# What the low three bits of a pixel mean: 4 is 2 as well, 5 to 7 count as 0.
_SETTLED = np.array([0, 1, 2, 3, 2, 0, 0, 0], np.uint8)


def settled(mask: np.ndarray) -> np.ndarray:
    """Return the kind of each pixel, 0 to 3."""
    return _SETTLED[mask & 7]


def kinds(mask: np.ndarray) -> set[int]:
    """Return the kinds of pixels, 0 to 3, that a mask has."""
    return {int(kind) for kind in np.unique(settled(mask))}


def inpaints(mask: np.ndarray, *, transparent: bool = False) -> bool:
    """Return whether a mask tells areas apart; otherwise the job is a plain image to image.

    Only 0 or only 3 repaints nothing in particular. Results with alpha need a pixel of kind 2.
    """
    present = kinds(mask)
    return 2 in present if transparent else present not in ({0}, {3})


def repaints_zero(mask: np.ndarray) -> bool:
    """Return whether pixels of kind 0 are repainted: not beside 2, unless every kind is there."""
    present = kinds(mask)
    return 0 in present and (2 not in present or present == {0, 1, 2, 3})
