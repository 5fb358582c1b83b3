"""Previews in the terminal: one place below the progress line, in which picture follows picture."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TextIO

from ..outcome import Usage
from . import terminal_pictures as pictures

if TYPE_CHECKING:
    import numpy as np

WAYS = ("auto", *pictures.WAYS)
_ROWS = 14
# Of a terminal that does not tell how large its letters are: small, so that pictures fit anyhow.
_CELL_PIXELS = (8, 16)


class Previews:
    """Shows pictures on `stream`, which must be a terminal."""

    def __init__(self, stream: TextIO, way: str) -> None:
        self._stream, self._draw = stream, pictures.WAYS[way]
        self._shown = False

    @classmethod
    def wanted(cls, way: str | None, stream: TextIO | None = None) -> Previews | None:
        """Return what shows pictures on `stream`, else on stderr.

        None where none are wanted or it is no terminal.

        Raises Usage where the way is to be that of the terminal and nobody knows it.
        """
        screen: TextIO = sys.stderr if stream is None else stream
        if way is None or not screen.isatty():
            return None
        return cls(screen, known_way(os.environ) if way == "auto" else way)

    def show(self, pixels: np.ndarray) -> None:
        """Put a picture, uint8 [height, width, 3], in place of the one before."""
        columns, cell = _window(self._stream)
        rows = _ROWS
        box = (min(columns, rows * 4) * cell[0], rows * cell[1])
        picture = pictures.fitted(pixels, box)
        taken = -(-picture.shape[0] // cell[1])
        if not self._shown:  # lines that are there can be drawn on without scrolling
            self._write("\n" * (rows + 1) + f"\x1b[{rows + 1}A")
        self._shown = True
        self._write(f"\x1b7\r\n{self._draw(picture, taken)}\x1b8")

    def close(self) -> None:
        """Go below the picture, so that what comes next does not write on it."""
        if self._shown:
            self._write("\n" * (_ROWS + 1))
            self._shown = False

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def known_way(environ: Mapping[str, str]) -> str:
    """Return how the terminal shows pictures, as far as it is known. Raises Usage if it is not."""
    for way, found in _KNOWN.items():
        if not environ.get("TMUX") and found(environ):
            return way
    raise Usage(
        "Nobody knows whether this terminal shows pictures.",
        f"Say how it does with --preview {', '.join(WAYS[1:-1])} or {WAYS[-1]}, or leave --preview"
        " out.",
    )


def _kitty(environ: Mapping[str, str]) -> bool:
    term = environ.get("TERM", "")
    program = environ.get("TERM_PROGRAM", "").lower()
    return "KITTY_WINDOW_ID" in environ or "kitty" in term or program in ("ghostty", "wezterm")


def _iterm2(environ: Mapping[str, str]) -> bool:
    programs = (environ.get("TERM_PROGRAM", ""), environ.get("LC_TERMINAL", ""))
    return any(name in ("iTerm.app", "iTerm2", "mintty", "vscode") for name in programs)


def _sixel(environ: Mapping[str, str]) -> bool:
    term = environ.get("TERM", "")
    return term.startswith(("foot", "mlterm", "contour", "yaft")) or "sixel" in term


_KNOWN: Mapping[str, Callable[[Mapping[str, str]], bool]] = {
    "kitty": _kitty,
    "iterm2": _iterm2,
    "sixel": _sixel,
}


def _window(stream: TextIO) -> tuple[int, tuple[int, int]]:
    """Return the columns of the terminal, and width and height of its cells in pixels."""
    try:
        import fcntl
        import termios

        told = fcntl.ioctl(stream.fileno(), termios.TIOCGWINSZ, b"\0" * 8)
        rows, columns, width, height = struct.unpack("HHHH", told)
    except (ImportError, OSError, ValueError):  # Windows, or a terminal that does not tell
        rows = columns = width = height = 0
    if not (rows and columns and width and height):
        return columns or 80, _CELL_PIXELS
    return columns, (max(width // columns, 1), max(height // rows, 1))
