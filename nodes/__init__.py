"""The nodes, in the order of the menu."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .connect import Connect
from .generate import Generate
from .model import LoadModel

NODES: list[type[io.ComfyNode]] = [Connect, LoadModel, Generate]


class Drawbridge(ComfyExtension):
    """What ComfyUI asks for our nodes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return NODES
