"""A file with certificates or a key, read so that no file can hold up who reads it."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

from .secret import MOST_PEM_BYTES

# A file on a disk that has gone away answers never; one of 1 MiB takes milliseconds.
PATIENCE_SECONDS = 5.0


def read(path: Path, patience_seconds: float | None = None) -> bytes:
    """Return what a regular file of up to MOST_PEM_BYTES holds, for which it is waited for no more
    than PATIENCE_SECONDS, or so many.

    Raises OSError, TimeoutError among them, for one that does not say it at once: pipes and devices
    wait for somebody, and so do some files of the system (/proc/kmsg). Raises ValueError for a
    larger one and for a path that cannot be one.
    """
    patience = PATIENCE_SECONDS if patience_seconds is None else patience_seconds
    outcome: list[bytes | OSError | ValueError] = []

    def work() -> None:
        try:
            outcome.append(_read(path))
        except (OSError, ValueError) as error:
            outcome.append(error)

    reading = threading.Thread(target=work, name="drawbridge-pem", daemon=True)
    reading.start()
    reading.join(patience)
    if not outcome:
        raise TimeoutError(f"{path} was not read within {patience:g} seconds")
    [found] = outcome
    if isinstance(found, bytes):
        return found
    raise found


def _read(path: Path) -> bytes:
    if not path.is_file():  # before it is opened: that alone can set a device going
        raise OSError(f"{path} is no regular file")
    with open(path, "rb", buffering=0, opener=_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no regular file")
        data = b""
        while len(data) <= MOST_PEM_BYTES:
            piece = file.read(MOST_PEM_BYTES + 1 - len(data))
            if piece is None:
                raise BlockingIOError(f"{path} would wait")
            if not piece:
                return data
            data += piece
    raise ValueError(f"{path} has more than {MOST_PEM_BYTES} bytes")


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
