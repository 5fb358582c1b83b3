"""Names the pairs of a ComfyUI and a release of its page that tests run in."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .interpreter import PATH_VARIABLE

FRONTENDS_VARIABLE = "COMFYUI_FRONTENDS"
RELEASE = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class Pair:
    """A ComfyUI's folder, and that of the page to serve; None for the one that it comes with."""

    comfyui: Path
    frontend: Path | None

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return what ComfyUI is started with to serve that page."""
        return () if self.frontend is None else ("--front-end-root", str(self.frontend))

    @property
    def label(self) -> str:
        """Return a name for test ids: `ComfyUI-pinned`, `ComfyUI-1.58.1`."""
        return f"{self.comfyui.name}-{'pinned' if self.frontend is None else named(self.frontend)}"


def named(frontend: Path) -> str:
    """Return the release that a page's path tells of, else the folder's name."""
    found = RELEASE.findall(str(frontend))
    return found[-1] if found else frontend.name


def pairs(environ: Mapping[str, str] = os.environ) -> tuple[Pair, ...]:
    """Return every ComfyUI with its own page, then the first one with every further page.

    The variables COMFYUI_PATH and COMFYUI_FRONTENDS hold folders, with the path separator between
    them. Nothing is looked up: a wrong name fails where it is used.
    """
    comfyuis = _folders(environ, PATH_VARIABLE)
    own = [Pair(comfyui, None) for comfyui in comfyuis]
    further = [Pair(comfyuis[0], page) for page in _folders(environ, FRONTENDS_VARIABLE) if own]
    return (*own, *further)


def _folders(environ: Mapping[str, str], variable: str) -> list[Path]:
    parts = environ.get(variable, "").split(os.pathsep)
    return [Path(part).expanduser().absolute() for part in parts if part]
