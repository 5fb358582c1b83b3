"""Pictures as what a terminal reads: the protocols of kitty, of iTerm2, and sixels.

kitty: https://sw.kovidgoyal.net/kitty/graphics-protocol/, iTerm2:
https://iterm2.com/documentation-images.html, sixels: the manual of the VT330/VT340, chapter 14.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_KITTY_CHUNK = 4096
_KITTY_ID = 7859  # one picture, which the next replaces
_SIXEL_COLOURS, _SIXEL_ROWS = 256, 6


def fitted(pixels: np.ndarray, box: tuple[int, int]) -> np.ndarray:
    """Return a picture, uint8 [height, width, 3], made as large as a box of width x height takes.

    Small ones keep their pixels: they grow by a whole factor, so that nothing is made up.
    """
    import numpy as np
    from PIL import Image

    height, width = pixels.shape[:2]
    share = min(box[0] / width, box[1] / height)
    if share >= 1:
        factor = int(share)
        return np.ascontiguousarray(pixels.repeat(factor, 0).repeat(factor, 1))
    size = (max(round(width * share), 1), max(round(height * share), 1))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def kitty(pixels: np.ndarray, rows: int) -> str:
    """Return what shows a picture over `rows` rows in kitty, Ghostty, WezTerm and Konsole."""
    encoded = base64.standard_b64encode(_png(pixels)).decode()
    parts = [encoded[at : at + _KITTY_CHUNK] for at in range(0, len(encoded), _KITTY_CHUNK)]
    keys = f"a=T,f=100,i={_KITTY_ID},p=1,q=2,C=1,r={rows},"
    sent = []
    for number, part in enumerate(parts, 1):
        more = int(number < len(parts))
        sent.append(f"\x1b_G{keys if number == 1 else ''}m={more};{part}\x1b\\")
    return "".join(sent)


def iterm2(pixels: np.ndarray, rows: int) -> str:
    """Return what shows a picture over `rows` rows in iTerm2, WezTerm, mintty and VS Code."""
    data = _png(pixels)
    encoded = base64.standard_b64encode(data).decode()
    keys = f"inline=1;size={len(data)};height={rows};preserveAspectRatio=1;doNotMoveCursor=1"
    return f"\x1b]1337;File={keys}:{encoded}\x07"


def sixel(pixels: np.ndarray, rows: int) -> str:
    """Return what shows a picture in terminals that read sixels; it has its own size in pixels."""
    import numpy as np
    from PIL import Image

    del rows  # a sixel is a pixel, whatever the rows
    height, width = pixels.shape[:2]
    reduced = Image.fromarray(pixels).quantize(_SIXEL_COLOURS)
    palette = np.array(reduced.getpalette(), np.uint16).reshape(-1, 3)
    indexes = np.asarray(reduced)
    head = f'\x1bP0;1;0q"1;1;{width};{height}'
    colours = "".join(
        f"#{number};2;{red};{green};{blue}"
        for number, (red, green, blue) in enumerate((palette * 100 + 127) // 255)
        if number <= indexes.max()
    )
    bands = (_band(indexes[top : top + _SIXEL_ROWS]) for top in range(0, height, _SIXEL_ROWS))
    return head + colours + "-".join(bands) + "\x1b\\"


def _band(rows: np.ndarray) -> str:
    """Return up to six rows of colour numbers, one colour over the other."""
    import numpy as np

    weights = (1 << np.arange(len(rows), dtype=np.uint8))[:, None]
    drawn = []
    for number in np.unique(rows):
        columns = ((rows == number) * weights).sum(0)
        drawn.append(f"#{number}{''.join(_runs(columns))}")
    return "$".join(drawn)


def _runs(columns: np.ndarray) -> Iterator[str]:
    """Yield the columns of a colour as characters, repeated ones counted, without the empty end."""
    import numpy as np

    filled = np.flatnonzero(columns)
    columns = columns[: filled[-1] + 1].astype(int)
    starts = np.flatnonzero(np.diff(columns, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(columns)], strict=True):
        character, count = chr(63 + int(columns[start])), int(end - start)
        yield f"!{count}{character}" if count > 3 else character * count


def _png(pixels: np.ndarray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


WAYS: Mapping[str, Callable[[np.ndarray, int], str]] = {
    "kitty": kitty,
    "iterm2": iterm2,
    "sixel": sixel,
}
