"""Which sizes suit the models of a version: multiples of 64 pixels about the native area."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

from ...facts.versions import family

BLOCK_PX = 64
_USUAL_SIZE_PX = 1024
_FORMS = ((1, 1), (4, 3), (3, 2), (16, 9))

# What videos are usually made in; upright ones are added (docs/configuration.md 5 and the models'
# cards, rounded to what a server can make).
_VIDEO_SIZES = {
    "svd_i2v": ((1024, 576), (768, 448)),
    "hunyuan_video": ((960, 512), (1280, 704), (832, 640), (704, 704)),
    "wan_v2.1_1.3b": ((832, 448), (640, 512), (640, 640)),
    "wan_v2.1_14b": ((832, 448), (1280, 704), (640, 640), (960, 960)),
    "wan_v2.2_5b": ((1280, 704), (960, 960)),
    "ltx2": ((768, 512), (1280, 768), (1920, 1088), (768, 768)),
    "ltx2.3": ((768, 512), (1280, 768), (1920, 1088), (768, 768)),
    "longcat_video_avatar_v1.5": ((832, 448), (1280, 704), (640, 640)),
}


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


@cache
def sizes(version: str, default_size_px: int = 0) -> tuple[Size, ...]:
    """Return sizes to choose from, each lying one followed by its upright twin.

    `default_size_px` is the native side length that a model's specification names; 0 takes the
    version's. Videos have usual sizes of their own.
    """
    known = family(version)
    if version in _VIDEO_SIZES:
        lying = [Size(*size) for size in _VIDEO_SIZES[version]]
    else:
        side = default_size_px or (known and known.default_size_px) or _USUAL_SIZE_PX
        lying = [_nearest(side * side, wide / high) for wide, high in _FORMS]
    both = [size for one in lying for size in (one, Size(one.height, one.width))]
    return tuple(dict.fromkeys(both))


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
