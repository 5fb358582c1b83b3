"""The few core nodes that our workflows need, with ComfyUI's names and behaviour."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from comfy_api.latest import io
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

folders: dict[str, Path] = {}
MOST_PIXELS = 16384


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


class LoadImage(io.ComfyNode):
    """Reads a picture of the input folder; its mask is white where the picture is transparent."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        folder = folders.get("input")
        files = sorted(path.name for path in folder.iterdir()) if folder and folder.exists() else []
        return io.Schema(
            node_id="LoadImage",
            inputs=[io.Combo.Input("image", options=files, image_upload=True)],
            outputs=[io.Image.Output(), io.Mask.Output()],
        )

    @classmethod
    def validate_inputs(cls, image: str | None) -> bool | str:
        if image is not None and not (folders["input"] / image).is_file():
            return f"Invalid image file: {image}"
        return True

    @classmethod
    def fingerprint_inputs(cls, image: str) -> str:
        return hashlib.sha256((folders["input"] / image).read_bytes()).hexdigest()

    @classmethod
    def execute(cls, image: str) -> io.NodeOutput:
        with Image.open(folders["input"] / image) as opened:
            picture = ImageOps.exif_transpose(opened)
            has_alpha = "A" in picture.getbands() or (
                picture.mode == "P" and "transparency" in picture.info
            )
            levels = np.asarray(picture.convert("RGB"), np.float32) / 255
            alpha = np.asarray(picture.convert("RGBA").getchannel("A"), np.float32) / 255
        mask = 1 - torch.from_numpy(alpha) if has_alpha else torch.zeros(64, 64)
        return io.NodeOutput(torch.from_numpy(levels)[None], mask[None])


class EmptyImage(io.ComfyNode):
    """Makes pictures of one colour, 0xRRGGBB."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="EmptyImage",
            inputs=[
                io.Int.Input("width", default=512, min=1, max=MOST_PIXELS),
                io.Int.Input("height", default=512, min=1, max=MOST_PIXELS),
                io.Int.Input("batch_size", default=1, min=1, max=4096),
                io.Int.Input("color", default=0, min=0, max=0xFFFFFF),
            ],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, width: int, height: int, batch_size: int, color: int) -> io.NodeOutput:
        levels = torch.tensor([(color >> shift & 0xFF) / 0xFF for shift in (16, 8, 0)])
        return io.NodeOutput(levels.expand(batch_size, height, width, 3).contiguous())


class SolidMask(io.ComfyNode):
    """Makes a mask of one value."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SolidMask",
            inputs=[
                io.Float.Input("value", default=1.0, min=0.0, max=1.0),
                io.Int.Input("width", default=512, min=1, max=MOST_PIXELS),
                io.Int.Input("height", default=512, min=1, max=MOST_PIXELS),
            ],
            outputs=[io.Mask.Output()],
        )

    @classmethod
    def execute(cls, value: float, width: int, height: int) -> io.NodeOutput:
        return io.NodeOutput(torch.full((1, height, width), value))


class MaskComposite(io.ComfyNode):
    """Puts a mask into another one."""

    OPERATIONS: ClassVar = {
        "multiply": torch.mul,
        "add": torch.add,
        "subtract": torch.sub,
    }

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MaskComposite",
            inputs=[
                io.Mask.Input("destination"),
                io.Mask.Input("source"),
                io.Int.Input("x", default=0, min=0, max=MOST_PIXELS),
                io.Int.Input("y", default=0, min=0, max=MOST_PIXELS),
                io.Combo.Input("operation", options=list(cls.OPERATIONS)),
            ],
            outputs=[io.Mask.Output()],
        )

    @classmethod
    def execute(
        cls, destination: torch.Tensor, source: torch.Tensor, x: int, y: int, operation: str
    ) -> io.NodeOutput:
        made = destination.clone()
        under = made[:, y : y + source.shape[1], x : x + source.shape[2]]
        over = source[:, : under.shape[1], : under.shape[2]]
        under.copy_(cls.OPERATIONS[operation](under, over).clamp(0, 1))
        return io.NodeOutput(made)


class Canny(io.ComfyNode):
    """Draws where the brightness changes, white on black; ComfyUI's also thins the lines."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Canny",
            inputs=[
                io.Image.Input("image"),
                io.Float.Input("low_threshold", default=0.4, min=0.01, max=0.99),
                io.Float.Input("high_threshold", default=0.8, min=0.01, max=0.99),
            ],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(
        cls, image: torch.Tensor, low_threshold: float, high_threshold: float
    ) -> io.NodeOutput:
        gray = image[..., :3].mean(dim=-1)
        down, right = torch.gradient(gray, dim=(1, 2))
        change = torch.hypot(down, right)
        edges = (change > low_threshold * change.max().clamp(min=1e-6)).float()
        return io.NodeOutput(edges[..., None].repeat(1, 1, 1, 3))


class SaveVideo(io.ComfyNode):
    """Takes a video and tells what is in it; writing files is left to ComfyUI's own."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SaveVideo",
            inputs=[
                io.Video.Input("video"),
                io.String.Input("filename_prefix", default="video/ComfyUI"),
                io.Combo.Input("format", options=["auto", "mp4"], default="auto"),
                io.Combo.Input("codec", options=["auto", "h264"], default="auto"),
            ],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, video: Any, filename_prefix: str, format: str, codec: str) -> io.NodeOutput:
        parts = video.get_components()
        told = {
            "frames": len(parts.images),
            "fps": float(parts.frame_rate),
            "has_audio": parts.audio is not None,
        }
        return io.NodeOutput(ui={"videos": [told]})


class PreviewAny(io.ComfyNode):
    """Shows a value as text."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PreviewAny", inputs=[io.AnyType.Input("source")], is_output_node=True
        )

    @classmethod
    def execute(cls, source: Any = None) -> io.NodeOutput:
        if isinstance(source, (str, int, float)) or source is None:
            return io.NodeOutput(ui={"text": (str(source),)})
        try:
            text = json.dumps(source)
        except (TypeError, ValueError):
            text = str(source)
        return io.NodeOutput(ui={"text": (text,)})


CORE_NODES: tuple[type[io.ComfyNode], ...] = (
    *(
        SaveImage,
        PreviewImage,
        LoadImage,
        EmptyImage,
        SolidMask,
        MaskComposite,
        Canny,
        PreviewAny,
        SaveVideo,
    ),
)
