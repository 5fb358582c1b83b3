"""ComfyUI's pictures as the tensors of hints, whose sizes and ranges differ by type."""

from __future__ import annotations

import numpy as np
import torch

from ..errors import RequestRejected
from .fit import Fit, fit_image
from .shape import shape_text


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
    pixels = image.to("cpu", torch.float32)
    if torch.isnan(pixels).any():
        raise RequestRejected(
            "The hint's picture cannot be sent: some of its pixels are not a number (NaN).",
            "Check the nodes that made it.",
        )
    pixels = pixels.clamp(0, 1)
    if pixels.shape[-1] == 4:
        pixels = pixels[..., :3] * pixels[..., 3:]
    pixels = pixels.expand(-1, -1, -1, 3)
    return pixels if size is None else fit_image(pixels, *size, fit)


def _one_to_wire(pixels: torch.Tensor, channels: int, low: float, inverted: bool) -> np.ndarray:
    if channels == 1:
        pixels = _stretched(pixels.mean(-1, keepdim=True))
    if inverted:
        pixels = 1 - pixels
    signed = pixels * (1 - low) + low
    return signed.to(torch.float16).contiguous().numpy()


def _stretched(depth: torch.Tensor) -> torch.Tensor:
    nearest, farthest = depth.max(), depth.min()
    if nearest == farthest:
        return depth
    return (depth - farthest) / (nearest - farthest)
