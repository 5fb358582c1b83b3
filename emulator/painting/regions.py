"""The regions of a mask: what is repainted, how the original returns (docs/protocol.md 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..understanding.mask import kinds, repaints_zero, settled
from .texture import blur

_ALPHA_BITS = 0xF8


@dataclass(frozen=True)
class Regions:
    """What is sampled, cell by cell: boolean [height, width] each; the rest is kept.

    `noise` starts from pure noise, `repaint` from the image at the strength of the request.
    """

    noise: np.ndarray
    repaint: np.ndarray


def find_regions(mask: np.ndarray, cell_px: int, outset: int, *, transparent: bool) -> Regions:
    """Return the areas that are sampled; a cell belongs to a kind if one of its pixels does."""
    kind = settled(mask)
    noise = kind == 1
    repaint = (kind == 2) | ((kind == 0) & repaints_zero(mask))
    if transparent:  # what is nothing stays nothing
        noise = np.zeros_like(noise)
    grow = -(-outset // cell_px) if outset > 0 else 0
    noise, repaint = (_by_cell(area, cell_px, grow) for area in (noise, repaint))
    return Regions(noise, repaint & ~noise)


def _by_cell(area: np.ndarray, cell: int, grow: int) -> np.ndarray:
    rows, columns = (side // cell for side in area.shape)
    coarse = np.any(area.reshape(rows, cell, columns, cell), axis=(1, 3), keepdims=True)[:, 0, :, 0]
    return np.repeat(np.repeat(spread(coarse, grow), cell, axis=0), cell, axis=1)


def spread(area: np.ndarray, distance: int) -> np.ndarray:
    """Return a boolean area grown by a distance in both directions, corners square."""
    for axis in (0, 1) if distance > 0 else ():
        length = area.shape[axis]
        total = np.concatenate(
            [np.zeros_like(area.take([0], axis), np.int32), np.cumsum(area, axis, np.int32)], axis
        )
        places = np.arange(length)
        after = total.take(np.minimum(places + distance + 1, length), axis)
        area = after > total.take(np.maximum(places - distance, 0), axis)
    return area


def paste_back(
    result: np.ndarray,
    original: np.ndarray,
    mask: np.ndarray,
    *,
    sigma: float,
    outset: int,
    strength: float,
    transparent: bool,
) -> np.ndarray:
    """Return the result with the original over what the mask keeps, exactly or at a soft edge.

    `result`, `original`: float32 [height, width, 3]. `sigma` is the blur of the edge in pixels;
    without one the edge is hard and `outset`, by how many pixels what is kept shrinks, does not
    count.
    """
    present = kinds(mask)
    if present == {0, 1} and strength > 0 and not transparent:
        return result
    kind = settled(mask)
    kept = kind == 3
    # Where noise is among the kinds, strength 0 brings the zeros back as well.
    if not repaints_zero(mask) or (1 in present and not transparent and strength == 0):
        kept |= kind == 0
    if transparent:
        kept |= kind == 1
    alpha = (mask & _ALPHA_BITS).astype(np.float32) / 255
    under = np.where(kept, 0, alpha**2)
    if sigma > 0:
        if outset > 0:
            kept = ~spread(~kept, outset)
        elif outset < 0:
            kept = spread(kept, -outset)
        # In 256 levels, so that what lies beyond the edge's reach is kept whole.
        cover = np.round(blur(kept.astype(np.float32), sigma) * 255) / 255
        nothing = (kind == 1) & (not transparent)
        cover = np.where(nothing, under, cover)
    else:
        cover = np.where(kept, 1, under)
    cover = cover[..., None].astype(np.float32)
    mixed = original * cover + result * (1 - cover)
    return np.where(cover == 1, original, mixed)
