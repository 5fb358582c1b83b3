"""The V3 interface for node packs."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy  # noqa: F401  the real one loads all three as well
import PIL.Image  # noqa: F401
import torch  # noqa: F401

from . import io
from .video import InputImpl, Types

__all__ = ["ComfyExtension", "InputImpl", "Types", "io"]


class ComfyExtension(ABC):
    """What `comfy_entrypoint` returns."""

    @abstractmethod
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return the node classes, in menu order."""
