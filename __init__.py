"""Drawbridge: ComfyUI nodes for a remote Draw Things server.

ComfyUI loads this folder by its path and awaits `comfy_entrypoint`. Programs write
`from drawbridge import DrawThingsClient` (docs/client.md). Nothing heavy is imported before either.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import client
    from .client import *  # noqa: F403  those that client.__all__ names
    from .nodes import Drawbridge

    __all__: list[str] = []
    __all__ += client.__all__

__version__ = "0.1.0"

WEB_DIRECTORY = "./web"  # the page imports every .js below it


async def comfy_entrypoint() -> Drawbridge:
    """Return the extension with our nodes; ComfyUI asks once, at its start."""
    try:
        from .nodes import Drawbridge
    except Exception:  # ComfyUI prints only str(error) of what is raised here
        logging.getLogger(__name__).exception("Drawbridge could not load its nodes")
        raise
    return Drawbridge()


if not TYPE_CHECKING:  # who checks types shall be told of a name that there is none of

    def __getattr__(name: str) -> object:
        """Return what the library exports under a name, loaded now. Raise AttributeError."""
        exported = _exported()
        if name == "__all__":
            return exported
        if name not in exported:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(client, name)  # which is imported by now
        return found


def __dir__() -> list[str]:
    """Return all names, those of the library included."""
    return sorted({*globals(), *_exported()})


def _exported() -> list[str]:
    if "__path__" not in globals():  # pytest loads this file by itself, too, which has no library
        return []
    from .client import __all__ as names  # `from . import client` would ask __getattr__ for it

    return names
