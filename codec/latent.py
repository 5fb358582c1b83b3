"""Small pictures of the latents that a server sends while it samples."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch

from ..facts import versions
from ..facts.latent_spaces import Kind, LatentSpace, find
from .borrow import borrow


def preview(latents: np.ndarray, version: str) -> torch.Tensor | None:
    """Return pictures of the latents, uint8 [B, h, w, 3]; None where there is no way to make any.

    `latents` is a preview as it came, float16 or float32 [B, h, w, C]; B counts pictures, or
    latent frames of a video. Never raises for what a server might send: an unknown version, other
    dims or types give None, and values that are not finite give black.
    """
    if latents.ndim != 4 or latents.dtype.kind != "f" or latents.size == 0:
        return None
    space = find(version, latents.shape[-1])
    if space is None or space.kind is Kind.NONE:
        return None
    picture = borrow(cut_audio_rows(latents, version)).to(torch.float32)
    return _to_bytes(_PAINTERS[space.kind](picture, space), space)


def cut_audio_rows(latents: np.ndarray, version: str) -> np.ndarray:
    """Return latents [F, h, w, C] without the rows below that hold sound (docs/protocol.md 7).

    Comes back unchanged where nothing would be left, as that is not what such rows look like.
    """
    known = versions.find(version)
    if known is None or latents.ndim != 4 or latents.size == 0:
        return latents
    frames, height, width, _ = latents.shape
    rows = known.sound_rows(frames, width)
    return latents[:, : height - rows] if rows < height else latents


def _paint_linear(latents: torch.Tensor, space: LatentSpace) -> torch.Tensor:
    matrix, bias = _scaled(space)
    cells = latents.reshape(-1, space.channels)
    return torch.addmm(bias, cells, matrix).view(*latents.shape[:3], 3)


def _paint_patches(latents: torch.Tensor, space: LatentSpace) -> torch.Tensor:
    batch, height, width, _ = latents.shape
    side = space.patch
    squares = latents.view(batch, height, width, 3, side, side)
    pixels = squares.permute(0, 1, 4, 2, 5, 3).reshape(batch, height * side, width * side, 3)
    return pixels.mul_(space.scale).add_(space.offset)


def _paint_oklab(latents: torch.Tensor, space: LatentSpace) -> torch.Tensor:
    oklab = latents @ torch.tensor(space.matrix) + torch.tensor(space.bias)
    lms = (oklab @ torch.tensor(space.lms_cube_root).T) ** 3
    linear = (lms @ torch.tensor(space.lms_to_rgb).T).clamp_min(0)
    # The app applies the decoding curve here, which darkens; the encoding one is what sRGB wants.
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    rgb = torch.where(linear <= 0.0031308, 12.92 * linear, curved)
    return rgb * space.scale + space.offset


_PAINTERS: dict[Kind, Callable[[torch.Tensor, LatentSpace], torch.Tensor]] = {
    Kind.LINEAR: _paint_linear,
    Kind.DIRECT: _paint_linear,
    Kind.PATCH: _paint_patches,
    Kind.OKLAB: _paint_oklab,
}


def _to_bytes(rgb: torch.Tensor, space: LatentSpace) -> torch.Tensor:
    """Return uint8 of float32 colours 0 to 255, in place; truncated as the app does."""
    rgb = torch.nan_to_num_(rgb, nan=0.0, posinf=0.0, neginf=0.0)
    if space.kind is Kind.DIRECT:  # the one kind that the app rounds
        rgb = rgb.add_(0.5)
    return rgb.clamp_(0, 255).to(torch.uint8)


@cache
def _scaled(space: LatentSpace) -> tuple[torch.Tensor, torch.Tensor]:
    """Matrix and bias that give 0 to 255 at once."""
    matrix = torch.tensor(space.matrix, dtype=torch.float32) * space.scale
    bias = torch.tensor(space.bias, dtype=torch.float32) * space.scale + space.offset
    return matrix, bias
