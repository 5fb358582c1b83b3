"""Files that a person names, read with a limit."""

from __future__ import annotations

import codecs
import sys
from pathlib import Path

from .outcome import Usage

STDIN = "-"
_MOST_TEXT_BYTES = 1 << 20


def read_bytes(path: Path, what: str, most_bytes: int = _MOST_TEXT_BYTES) -> bytes:
    """Return the content of a file, of stdin for -; `what` it is for stands in the errors.

    Raises Usage for one that is not there, cannot be read or is larger than it may be.
    """
    try:
        if str(path) == STDIN:
            data = sys.stdin.buffer.read(most_bytes + 1)
        else:
            if not path.is_file() and path.exists():
                raise Usage(f"{path} is no file.", "Give the name of a file.")
            with path.open("rb") as file:
                data = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise Usage(f"There is no file {path}.", "Check its path.") from None
    except (OSError, ValueError) as error:
        raise Usage(f"The file {path} cannot be read.", "Check what may read it.") from error
    if len(data) > most_bytes:
        raise Usage(f"The file {path} is too large for a {what}.", "Give another file.")
    return data


def read_text(path: Path, what: str, most_bytes: int = _MOST_TEXT_BYTES) -> str:
    """Return the text of a file, or of stdin. Raises what `read_bytes` and `as_text` raise."""
    return as_text(read_bytes(path, what, most_bytes), path)


def as_text(data: bytes, path: Path) -> str:
    """Return the content of a file as text, UTF-8 or, with a mark in front, UTF-16.

    Raises Usage for what is neither.
    """
    # Windows' editors put a mark in front, and what its PowerShell writes is UTF-16.
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except ValueError as error:
        raise Usage(f"The file {path} cannot be read.", "Give a text file in UTF-8.") from error
