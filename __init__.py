"""Drawbridge: ComfyUI nodes for a remote Draw Things server.

ComfyUI loads this folder by its path and awaits `comfy_entrypoint`; nothing heavy is imported
before that.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .nodes import Drawbridge

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
