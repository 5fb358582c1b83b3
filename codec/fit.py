"""Brings pictures and masks to the size of a generation, both in the same way.

What is cut off or added is the same at either end, so the middle of a picture stays the middle, and
both take the same way, so a mask stays on what it covers.
"""

from __future__ import annotations

import enum
import functools
from typing import NamedTuple

import torch
from torch.nn import functional

from ..errors import RequestRejected
from .shape import shape_text


class Fit(enum.Enum):
    """What to do with a picture of another shape; the values are words for a menu."""

    CROP = "crop centre"
    STRETCH = "stretch"
    PAD = "pad"


class _Axis(NamedTuple):
    """One direction of a fit, in pixels.

    Of the source `first` up to `last` are resized to `resized`; of that `before` and `after` are
    cut off at the ends, or added where they are negative.
    """

    first: int
    last: int
    resized: int
    before: int = 0
    after: int = 0


def fit_image(images: torch.Tensor, width: int, height: int, fit: Fit) -> torch.Tensor:
    """Return the pictures at `width` x `height` pixels; the same tensor if they have that size.

    `images` is ComfyUI's IMAGE: float [B, H, W, 3 or 4], 0 to 1, and so is the result, clamped.
    Resized by an antialiased bicubic filter, with colours weighted by alpha where there is one;
    what PAD adds repeats the nearest edge. Raises RequestRejected for other shapes.
    """
    _check(images, 4, "picture", "IMAGE")
    if images.shape[1:3] == (height, width):
        return images
    planes = images.movedim(-1, 1)
    if images.shape[-1] == 4:
        planes = torch.cat((planes[:, :3] * planes[:, 3:], planes[:, 3:]), 1)
    columns, rows = _axes(images.shape[2], images.shape[1], width, height, fit)
    planes = _resize(planes, columns, rows, "bicubic")
    if images.shape[-1] == 4:
        alpha = planes[:, 3:]
        colour = torch.where(alpha > 0, planes[:, :3] / alpha, 0)  # as there is none
        planes = torch.cat((colour, alpha), 1)
    planes = planes.clamp(0, 1)
    if fit is Fit.PAD:
        planes = functional.pad(planes, _borders(columns, rows), mode="replicate")
    return planes.movedim(1, -1).contiguous()


def fit_mask(
    masks: torch.Tensor,
    image_width: int,
    image_height: int,
    width: int,
    height: int,
    fit: Fit,
) -> torch.Tensor:
    """Return the masks of pictures that `fit_image` brings to `width` x `height`, in their places.

    `masks` is ComfyUI's MASK, float [B, H, W] or [H, W], 0 to 1; the result is [B, height, width].
    `image_width` and `image_height` are the size of the picture *before* it is fitted: a mask of
    another size is taken to cover all of it, as everywhere in ComfyUI. What PAD adds is white: it
    has to be painted. Raises RequestRejected for other shapes.
    """
    masks = masks[None] if masks.ndim == 2 else masks
    _check(masks, 3, "mask", "MASK")
    if masks.shape[1:] == (image_height, image_width) == (height, width):
        return masks
    planes = masks[:, None]
    if masks.shape[1:] != (image_height, image_width):
        planes = _scale(planes, image_width, image_height, "bilinear")
    columns, rows = _axes(image_width, image_height, width, height, fit)
    planes = _resize(planes, columns, rows, "bilinear").clamp(0, 1)
    if fit is Fit.PAD:
        planes = functional.pad(planes, _borders(columns, rows), value=1.0)
    return planes[:, 0].contiguous()


def split_alpha(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the colours [B, H, W, 3], and 1 - alpha as a MASK [B, H, W], None without alpha.

    White is what is transparent, as in ComfyUI's Load Image: sent back, that is repainted.
    """
    _check(images, 4, "picture", "IMAGE")
    if images.shape[-1] == 3:
        return images, None
    return images[..., :3].contiguous(), 1 - images[..., 3]


def has_holes(images: torch.Tensor) -> bool:
    """Return whether something of the pictures [B, H, W, 3 or 4] is transparent."""
    transparent = split_alpha(images)[1]
    return transparent is not None and bool((transparent >= 0.5).any())


def fit_repainted(
    image: torch.Tensor, masks: torch.Tensor | None, width: int, height: int, fit: Fit
) -> torch.Tensor | None:
    """Return what is to be repainted of one picture [1, H, W, 3 or 4]: its mask and its holes.

    The result is [1, height, width] in step with `fit_image`; None where all is kept.
    """
    areas = [] if masks is None else [masks]
    transparent = split_alpha(image)[1]
    if transparent is not None and has_holes(image):
        areas.append(transparent)
    sides = (image.shape[2], image.shape[1])
    fitted = [fit_mask(area, *sides, width, height, fit) for area in areas]
    return functools.reduce(torch.maximum, fitted) if fitted else None


def pairs(
    images: torch.Tensor, masks: torch.Tensor | None
) -> list[tuple[torch.Tensor, torch.Tensor | None]]:
    """One picture [1, H, W, C] after the other, each with its mask [1, h, w] or None.

    A single mask is for all of them. Raises RequestRejected where the numbers differ otherwise.
    """
    _check(images, 4, "picture", "IMAGE")
    pictures = list(images.split(1))
    if masks is None:
        return [(picture, None) for picture in pictures]
    masks = masks[None] if masks.ndim == 2 else masks
    _check(masks, 3, "mask", "MASK")
    if len(masks) not in (1, len(images)):
        raise RequestRejected(
            f"There are {len(masks)} masks for {len(images)} picture{'s'[: len(images) > 1]}.",
            "Connect one mask for all pictures, or one for each.",
        )
    each = list(masks.split(1)) * (len(images) // len(masks))
    return list(zip(pictures, each, strict=True))


def _axes(
    image_width: int, image_height: int, width: int, height: int, fit: Fit
) -> tuple[_Axis, _Axis]:
    """Return how columns and rows are treated."""
    across, down = width / image_width, height / image_height
    if fit is Fit.STRETCH:
        return _Axis(0, image_width, width), _Axis(0, image_height, height)
    scale = max(across, down) if fit is Fit.CROP else min(across, down)
    return _axis(image_width, width, scale), _axis(image_height, height, scale)


def _axis(source: int, target: int, scale: float) -> _Axis:
    if target / source == scale:  # this direction decided the scale
        return _Axis(0, source, target)
    if scale == 1:  # every pixel stays as it is, though an odd one is lost or added at the end
        first = (source - target) // 2
        if source > target:
            return _Axis(first, first + target, target)
        return _Axis(0, source, source, first, source - target - first)
    # What is cut off anyway need not be resized first.
    first = max(0, int((source - target / scale) / 2))
    cut = round(((source - 2 * first) * scale - target) / 2)
    cut = max(cut, -((target - 1) // 2))  # of the thinnest picture something must be left
    return _Axis(first, source - first, target + 2 * cut, cut, cut)


def _resize(planes: torch.Tensor, columns: _Axis, rows: _Axis, mode: str) -> torch.Tensor:
    """Cut and resized, without what PAD adds. `planes` is float [B, C, H, W]."""
    planes = planes[..., rows.first : rows.last, columns.first : columns.last]
    planes = _scale(planes, columns.resized, rows.resized, mode)
    left, right = max(columns.before, 0), columns.resized - max(columns.after, 0)
    top, bottom = max(rows.before, 0), rows.resized - max(rows.after, 0)
    return planes[..., top:bottom, left:right]


def _scale(planes: torch.Tensor, width: int, height: int, mode: str) -> torch.Tensor:
    if planes.shape[-2:] == (height, width):
        return planes
    wide = planes.to(torch.float32)  # the filters know no float16 on every processor
    return functional.interpolate(wide, size=(height, width), mode=mode, antialias=True)


def _borders(columns: _Axis, rows: _Axis) -> list[int]:
    ends = (columns.before, columns.after, rows.before, rows.after)
    return [max(-cut, 0) for cut in ends]


def _check(tensor: torch.Tensor, dims: int, what: str, socket: str) -> None:
    fits = tensor.ndim == dims and tensor.numel() > 0 and tensor.is_floating_point()
    if not fits or (dims == 4 and tensor.shape[-1] not in (3, 4)):
        wanted = "[batch, height, width, 3 or 4]" if dims == 4 else "[batch, height, width]"
        shape = shape_text(tensor.shape)
        raise RequestRejected(
            f"The {what} cannot be used: its dims are {shape} of {tensor.dtype}, and {wanted} of "
            "float is needed.",
            f"Connect {'an' if socket == 'IMAGE' else 'a'} {socket} output.",
        )
