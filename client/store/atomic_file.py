"""Files that are rewritten whole: a reader sees the old content or the new, never a half."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace_whole(path: Path, data: bytes) -> None:
    """Put a file of this content, for its owner alone, into the place of another.

    Raises OSError, and leaves nothing behind then.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")  # for the owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
