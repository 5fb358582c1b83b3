"""ComfyUI's pictures as the tensors of hints, whose sizes and ranges differ by type."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from ..errors import RequestRejected
from .blocks import in_blocks, one_thread, scratch
from .borrow import room
from .fit import Fit, fit_image
from .image import fill_signed
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
    return [_one_to_wire(image, size, fit, channels, low, inverted) for image in images.detach()]


def _one_to_wire(
    image: torch.Tensor,
    size: tuple[int, int] | None,
    fit: Fit,
    channels: int,
    low: float,
    inverted: bool,
) -> np.ndarray:
    """Return float16 [1, H, W, channels] of a picture [H, W, 1, 3 or 4]."""
    if size is None and channels == 3:  # nothing but values changes
        wire = room(1, *image.shape[:2], 3, dtype=np.float16)
        if image.shape[-1] == 3 and low == -1 and not inverted:  # as any picture travels
            if not fill_signed(image.cpu().reshape(-1), wire.view(-1)):
                raise _not_numbers()
        else:
            for unit, target in _opaque(image, wire):
                target.copy_(_to_range(unit, low, inverted))
        return wire.numpy()
    pixels = room(1, *image.shape[:2], 3)
    for unit, target in _opaque(image, pixels):
        target.copy_(unit)
    if size is not None:
        pixels = fit_image(pixels, *size, fit)
    if channels == 1:
        pixels = _depth(pixels)
    wire = room(*pixels.shape, dtype=np.float16)
    for unit, target in in_blocks(pixels.view(-1, channels), wire.view(-1, channels)):
        target.copy_(_to_range(unit, low, inverted))
    return wire.numpy()


def _opaque(
    image: torch.Tensor, result: torch.Tensor
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield a picture's colours on black, float32 0 to 1, and the part of the result [1, H, W, 3]
    that they belong to, in blocks. The next block of colours lies where the one before has been.
    Raises RequestRejected for NaN.
    """
    source, between = image.cpu().reshape(-1, image.shape[-1]), scratch()
    for values, target in in_blocks(source, result.view(-1, 3)):
        unit = between[: values.numel()].view(values.shape)
        torch.clamp(values.to(torch.float32), 0, 1, out=unit)  # NaN stays
        if unit.sum().isnan():
            raise _not_numbers()
        yield unit[:, :3] * unit[:, 3:] if unit.shape[1] == 4 else unit, target


def _not_numbers() -> RequestRejected:
    return RequestRejected(
        "The hint's picture cannot be sent: some of its pixels are not a number (NaN).",
        "Check the nodes that made it.",
    )


def _to_range(unit: torch.Tensor, low: float, inverted: bool) -> torch.Tensor:
    """Return float32 0 to 1, which is changed, as `low` to 1."""
    shown = unit.neg_().add_(1) if inverted else unit
    return shown.mul_(1 - low).add_(low)


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
