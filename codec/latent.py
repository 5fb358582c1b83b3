"""Small pictures of the latents that a server sends while it samples."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch

from ..facts import versions
from ..facts.latent_spaces import Kind, LatentSpace, find
from .blocks import BLOCK
from .borrow import borrow


def preview(latents: np.ndarray, version: str, *, only: int | None = None) -> torch.Tensor | None:
    """Return pictures of the latents, uint8 [B, h, w, 3]; None where there is no way to make any.

    `latents` is a preview as it came, float16 or float32 [B, h, w, C]; B counts pictures, or
    latent frames of a video, of which `only` one can be asked for. Never raises for what a server
    might send: an unknown version, other dims or types give None, and values that are not finite
    give black.
    """
    if latents.ndim != 4 or latents.dtype.kind != "f" or latents.size == 0:
        return None
    space = find(version, latents.shape[-1])
    if space is None or space.kind is Kind.NONE:
        return None
    shown = cut_audio_rows(latents, version)
    if only is not None:
        shown = shown[only : only + 1]
    batch, height, width, channels = shown.shape
    cells, side = borrow(shown).view(-1, channels), space.patch or 1
    colours = torch.empty(len(cells), 3 * side**2, dtype=torch.uint8)
    rows = BLOCK // colours.shape[1]
    for some, target in zip(cells.split(rows), colours.split(rows), strict=True):
        target.copy_(_to_bytes(_PAINTERS[space.kind](some, space), space))
    squares = colours.numpy().reshape(batch, height, width, side, side, 3).swapaxes(2, 3)
    return torch.from_numpy(squares.reshape(batch, height * side, width * side, 3))


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


def _paint_linear(cells: torch.Tensor, space: LatentSpace) -> torch.Tensor:
    return _mix(cells, *_scaled(space))


def _mix(values: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Return values [n, channels] @ matrix [channels, 3] + bias, as [n, 3].

    Channel by channel: for a product of matrices, MKL waits for threads of its own however small
    it is (seen: 64 ms instead of 1 for a preview on a busy computer).
    """
    mixed = bias[:, None].repeat(1, len(values))
    for channel, weights in zip(values.unbind(1), matrix[:, :, None].unbind(0), strict=True):
        mixed.addcmul_(weights, channel.to(torch.float32))
    return mixed.t()


def _paint_patches(cells: torch.Tensor, space: LatentSpace) -> torch.Tensor:
    pixels = cells.to(torch.float32).view(len(cells), 3, space.patch**2).transpose(1, 2)
    return pixels.reshape(cells.shape).mul_(space.scale).add_(space.offset)


def _paint_oklab(cells: torch.Tensor, space: LatentSpace) -> torch.Tensor:
    to_oklab, to_lms, to_rgb = _oklab_steps(space)
    lms = _mix(_mix(cells, *to_oklab), *to_lms) ** 3
    linear = _mix(lms, *to_rgb).clamp_min(0)
    # The app applies the decoding curve here, which darkens; the encoding one is what sRGB wants.
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    rgb = torch.where(linear <= 0.0031308, 12.92 * linear, curved)
    return rgb * space.scale + space.offset


# From cells [n, channels] of any float to their pixels [n, 3 or more], float32 0 to 255.
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


@cache
def _oklab_steps(space: LatentSpace) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
    """Matrix and bias of each step from latents to linear RGB."""
    return (
        (torch.tensor(space.matrix), torch.tensor(space.bias)),
        (torch.tensor(space.lms_cube_root).T, torch.zeros(3)),
        (torch.tensor(space.lms_to_rgb).T, torch.zeros(3)),
    )
