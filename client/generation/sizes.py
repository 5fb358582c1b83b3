"""Which sizes suit the models of a version: multiples of 64 pixels about the native area."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from ...facts import versions
from ...facts.sizes import BLOCK_PX, USUAL_SIZE_PX

_FORMS = ((1, 1), (4, 3), (3, 2), (16, 9))


@dataclass(frozen=True)
class Size:
    """Width and height in pixels, multiples of 64."""

    width: int
    height: int

    @property
    def label(self) -> str:
        """Return the size and the form that is nearest: "1152 x 896 (4:3)"."""
        ratio = max(self.width, self.height) / min(self.width, self.height)
        wide, high = min(_FORMS, key=lambda form: abs(math.log(ratio * form[1] / form[0])))
        if self.width < self.height:
            wide, high = high, wide
        return f"{self.width} x {self.height} ({wide}:{high})"


def sizes(version: str, default_size_px: int = 0) -> tuple[Size, ...]:
    """Return sizes to choose from, each lying one followed by its upright twin.

    `default_size_px` is the native side length that a model's specification names; 0 takes the
    version's. Videos have usual sizes of their own.
    """
    known = versions.find(version)
    if known is not None and known.sizes:
        lying: tuple[Size, ...] = tuple(Size(*size) for size in known.sizes)
    else:
        side = default_size_px or (known and known.default_size_px) or USUAL_SIZE_PX
        lying = _of_area(side * side)
    both = [size for one in lying for size in (one, Size(one.height, one.width))]
    return tuple(dict.fromkeys(both))


@cache
def _of_area(area: int) -> tuple[Size, ...]:
    return tuple(_nearest(area, wide / high) for wide, high in _FORMS)


def _nearest(area: int, ratio: float) -> Size:
    """Return the size that fits form and area best; rather a little less area than more."""

    def misfit(size: Size) -> float:
        over = math.log(size.width * size.height / area)
        weight = 2 if over > 0 else 0.5
        return abs(math.log(size.width / size.height / ratio)) + weight * abs(over)

    height = math.sqrt(area / ratio)
    low = max(int(height) // BLOCK_PX - 1, 2)
    candidates = [
        Size(wide * BLOCK_PX, high * BLOCK_PX)
        for high in range(low, low + 4)
        for wide in range(high, int(high * ratio) + 3)
    ]
    return min(candidates, key=misfit)
