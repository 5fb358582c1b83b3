"""Where pictures go: numbered files, each written whole as soon as the picture is there."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from ...client.configuration.picture_metadata import XMP_KEYWORD
from ...errors import DrawbridgeError
from .told import Told

if TYPE_CHECKING:
    import numpy as np


class Files:
    """The files of `count` pictures: out.png, or of several out-1.png, out-2.png and so on.

    A number stands for a picture that was asked for, whether it is made or not. Where more come
    than were expected, the numbers go on.
    """

    def __init__(self, out: Path, count: int) -> None:
        self._out, self._count = out, count
        self._digits = len(str(count))

    def path(self, number: int) -> Path:
        """Return where the picture of that number goes, counted from 1."""
        if self._count == 1:
            return self._out
        return self._out.with_name(f"{self._out.stem}-{number:0{self._digits}}{self._out.suffix}")

    def write(self, number: int, picture: np.ndarray, told: Told | None) -> Path:
        """Write a picture, uint8 [height, width, 3 or 4], and return where it is.

        What is there already is replaced; nothing half written is left. Raises DrawbridgeError
        where it cannot be written.
        """
        if number > self._count == 1:  # the first one was not alone
            self._count = number
            if self._out.exists():
                self._out.replace(self.path(1))
        path = self.path(number)
        unfinished = path.with_name(f".{path.name}.part")
        try:
            unfinished.write_bytes(encoded(picture, told))
            unfinished.replace(path)
        except OSError as error:
            unfinished.unlink(missing_ok=True)
            raise DrawbridgeError(
                f"The picture cannot be written to {path} ({error.strerror or error}).",
                "Choose another place, or make room there.",
            ) from error
        return path


def encoded(picture: np.ndarray, told: Told | None) -> bytes:
    """Return the PNG of a picture, with what it tells of itself."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if told is not None:
        info.add_itxt(XMP_KEYWORD, told.xmp)
        for keyword, text in told.chunks.items():
            info.add_text(keyword, text)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG", pnginfo=info)
    return file.getvalue()
