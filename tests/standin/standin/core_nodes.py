"""The few core nodes that our workflows need, with ComfyUI's names and behaviour."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from comfy_api.latest import io
from PIL import Image
from PIL.PngImagePlugin import PngInfo

folders: dict[str, Path] = {}


class SaveImage(io.ComfyNode):
    """Writes pictures as PNG, with the prompt inside, and truncates to 8 bits as ComfyUI does."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SaveImage",
            inputs=[
                io.Image.Input("images"),
                io.String.Input("filename_prefix", default="ComfyUI"),
            ],
            hidden=[io.Hidden.prompt],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, images: torch.Tensor, filename_prefix: str) -> io.NodeOutput:
        stem = folders["output"] / filename_prefix
        stem.parent.mkdir(parents=True, exist_ok=True)
        counter = 1 + max(
            (int(path.stem.split("_")[-2]) for path in stem.parent.glob(f"{stem.name}_*_.png")),
            default=0,
        )
        shown: list[dict[str, Any]] = []
        for image in images:
            levels = np.clip(255.0 * image.cpu().numpy(), 0, 255).astype(np.uint8)
            metadata = PngInfo()
            metadata.add_text("prompt", json.dumps(cls.hidden.prompt))
            path = stem.with_name(f"{stem.name}_{counter:05}_.png")
            Image.fromarray(levels).save(path, pnginfo=metadata, compress_level=4)
            shown.append({"filename": path.name, "path": str(path), "type": "output"})
            counter += 1
        return io.NodeOutput(ui={"images": shown})


class PreviewImage(io.ComfyNode):
    """Takes pictures and keeps nothing."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PreviewImage", inputs=[io.Image.Input("images")], is_output_node=True
        )

    @classmethod
    def execute(cls, images: torch.Tensor) -> io.NodeOutput:
        return io.NodeOutput()


CORE_NODES: tuple[type[io.ComfyNode], ...] = (SaveImage, PreviewImage)
