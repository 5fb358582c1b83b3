"""Several previews in one picture, each with a line below that says whose it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

TILE_PIXELS = 256
_LINE_PIXELS = 14
_GREY, _WHITE = (32, 32, 32), (230, 230, 230)


@dataclass(frozen=True)
class Tile:
    """A picture and the words for it."""

    picture: Image.Image
    words: str


def sheet(tiles: Sequence[Tile]) -> Image.Image | None:
    """Return the pictures in rows, in their order; None where there is none."""
    if not tiles:
        return None
    columns = math.ceil(math.sqrt(len(tiles)))
    rows = math.ceil(len(tiles) / columns)
    height = TILE_PIXELS + _LINE_PIXELS
    whole = Image.new("RGB", (columns * TILE_PIXELS, rows * height), _GREY)
    draw = ImageDraw.Draw(whole)
    for number, tile in enumerate(tiles):
        left, top = number % columns * TILE_PIXELS, number // columns * height
        picture = _fitted(tile.picture)
        x, y = (TILE_PIXELS - picture.width) // 2, (TILE_PIXELS - picture.height) // 2
        whole.paste(picture, (left + x, top + y))
        # The font that comes along has no other letters.
        words = tile.words.encode("ascii", "replace").decode("ascii")[: TILE_PIXELS // 6]
        draw.text((left + 3, top + TILE_PIXELS), words, fill=_WHITE)
    return whole


def _fitted(picture: Image.Image) -> Image.Image:
    scale = TILE_PIXELS / max(picture.size)
    size = [max(round(side * scale), 1) for side in picture.size]
    return picture.convert("RGB").resize((size[0], size[1]), Image.Resampling.BILINEAR)
