"""ComfyUI's pictures as the tensors of hints, whose sizes and ranges differ by type."""

from __future__ import annotations

import numpy as np
import torch

from ..errors import RequestRejected
from .blocks import in_blocks, one_thread
from .borrow import room
from .fit import Fit, fit_image
from .shape import shape_text


@one_thread()
def to_wire(
    images: torch.Tensor,
    *,
    size: tuple[int, int] | None = None,
    fit: Fit = Fit.CROP,
    channels: int = 3,
    low: float = -1.0,
    inverted: bool = False,
) -> list[np.ndarray]:
    """One float16 [1, H, W, channels], `low` to 1, for each picture (docs/protocol.md 4.4).

    `images` is ComfyUI's IMAGE: float [B, H, W, 1, 3 or 4], 0 to 1; what is outside is clamped.
    Colours are laid on black where there is alpha. With a `size` (width, height) a picture is
    brought to it as `fit` says. One channel is a depth map: the mean of the colours, stretched so
    that it reaches from `low` to 1 unless it is flat. `inverted` turns light into dark. Raises
    RequestRejected for NaN and for other shapes.
    """
    if images.ndim != 4 or images.shape[-1] not in (1, 3, 4) or images.numel() == 0:
        dims = shape_text(images.shape)
        raise RequestRejected(
            f"The hint's picture cannot be sent: its dims are {dims}, and [batch, height, width,"
            " 3 or 4] is needed.",
            "Connect an IMAGE output.",
        )
    prepared = (_prepared(image, size, fit) for image in images.detach().split(1))
    return [_one_to_wire(pixels, channels, low, inverted) for pixels in prepared]


def _prepared(image: torch.Tensor, size: tuple[int, int] | None, fit: Fit) -> torch.Tensor:
    """Return the picture [1, H, W, 3] on the CPU, 0 to 1, without alpha, in its size."""
    _, height, width, channels = image.shape
    pixels = room(1, height, width, 3)
    numbers = True
    for source, target in in_blocks(image.cpu().reshape(-1, channels), pixels.view(-1, 3)):
        unit = source.to(torch.float32).clamp(0, 1)  # which leaves NaN as it is
        numbers = numbers and not unit.sum().isnan()
        target.copy_(unit[:, :3] * unit[:, 3:] if channels == 4 else unit)
    if not numbers:
        raise RequestRejected(
            "The hint's picture cannot be sent: some of its pixels are not a number (NaN).",
            "Check the nodes that made it.",
        )
    return pixels if size is None else fit_image(pixels, *size, fit)


def _one_to_wire(pixels: torch.Tensor, channels: int, low: float, inverted: bool) -> np.ndarray:
    if channels == 1:
        pixels = _depth(pixels)
    wire = room(*pixels.shape, dtype=np.float16)
    for unit, target in in_blocks(pixels.view(-1, channels), wire.view(-1, channels)):
        shown = 1 - unit if inverted else unit
        target.copy_(shown * (1 - low) + low)
    return wire.numpy()


def _depth(pixels: torch.Tensor) -> torch.Tensor:
    """Return the mean of the colours [1, H, W, 1], stretched over 0 to 1 unless it is flat."""
    depth = torch.empty(*pixels.shape[:3], 1)
    ends = []
    for colours, target in in_blocks(pixels.view(-1, 3), depth.view(-1, 1)):
        torch.mean(colours, 1, keepdim=True, out=target)
        ends += target.aminmax()
    farthest, nearest = torch.stack(ends).aminmax()
    if nearest > farthest:
        for [target] in in_blocks(depth.view(-1, 1)):
            target.sub_(farthest).div_(nearest - farthest)
    return depth
