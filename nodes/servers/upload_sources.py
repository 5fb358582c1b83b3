"""Files of this computer that a workflow may send: models of ComfyUI, and allowed folders.

A workflow can come from anybody, and its server can be anybody's: no other file may leave.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...errors import RequestRejected
from .. import host

VARIABLE = "DRAWBRIDGE_UPLOAD_FOLDERS"


def find(source: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the file that a person means: "kind/file" of ComfyUI's models, or an absolute path.

    Links are followed, and what they lead to must be within ComfyUI's model folders or the folders
    of the environment variable DRAWBRIDGE_UPLOAD_FOLDERS. May block. Raises RequestRejected for
    everything else.
    """
    source = source.strip()
    if not source:
        raise RequestRejected("No file is chosen.", "Choose one in source.")
    try:
        is_path = Path(source).is_absolute()
        path = Path(source) if is_path else host.model_path(source)
        if path is None:
            raise RequestRejected(
                f"ComfyUI has no model file {source}.",
                "Choose one of the list, and refresh the page if it is new.",
            )
        known = [] if is_path else host.model_folders()
        # Before the system looks: a path of another computer would have it log in there.
        if is_path and not is_below(Path(os.path.normpath(path)), allowed(environ), spelled=True):
            raise _forbidden(source, is_path)
        real = Path(os.path.realpath(path))
        if not is_below(real, [*known, *allowed(environ)]):
            raise _forbidden(source, is_path)
        if not real.is_file():
            raise RequestRejected(
                f"There is no file {source} on the computer that runs ComfyUI.",
                "Check the path, with capitals and small letters.",
            )
    except (OSError, ValueError) as error:
        raise RequestRejected(
            f"The file {source!r} cannot be looked up.", "Choose one of the list."
        ) from error
    return real


def allowed(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Return the folders that this computer's administrator allows."""
    named = environ.get(VARIABLE, "").split(os.pathsep)
    return [
        Path(folder).expanduser() for folder in named if Path(folder).expanduser().is_absolute()
    ]


def is_below(path: Path, folders: Iterable[Path], *, spelled: bool = False) -> bool:
    """Return whether a path without links lies within one of the folders, links resolved; if
    `spelled`, also one that begins as a folder is written.
    """
    inner = os.path.normcase(path)
    named = list(folders)
    resolved = [os.path.realpath(folder) for folder in named]
    outers = [*resolved, *map(os.path.normpath, named)] if spelled else resolved
    for outer in map(os.path.normcase, outers):
        try:
            if inner != outer and os.path.commonpath([inner, outer]) == outer:
                return True
        except ValueError:  # another drive
            continue
    return False


def _forbidden(source: str, is_path: bool) -> RequestRejected:
    where = (
        "lies in no folder from which files may be sent"
        if is_path
        else "is a link that leads out of ComfyUI's model folders"
    )
    return RequestRejected(
        f"The file {source} {where}.",
        f"Put it into a model folder of ComfyUI, or name its folder in the environment variable"
        f" {VARIABLE} of the computer that runs ComfyUI and start ComfyUI again.",
    )
