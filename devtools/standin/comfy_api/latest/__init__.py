"""The V3 interface for node packs."""

from __future__ import annotations

from abc import ABC, abstractmethod

from . import io
from .video import InputImpl, Types

__all__ = ["ComfyExtension", "InputImpl", "Types", "io"]


class ComfyExtension(ABC):
    """What `comfy_entrypoint` returns."""

    @abstractmethod
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return the node classes, in menu order."""
