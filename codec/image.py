"""ComfyUI's pictures as the wire's and back, so that every 8-bit level survives.

A wire picture has values v of -1 to 1, mostly float16, and ComfyUI's are (v + 1) / 2. The float16
nearest to level / 127.5 - 1 is off by up to 2^-12, and ComfyUI truncates when it saves, so plain
arithmetic would lose a level here and there. But each of the 256 levels has one float16 of its
own: that value, and no other, becomes the float32 that ComfyUI's own loader makes of the level.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from ..errors import GenerationFailed, RequestRejected
from .blocks import in_blocks, one_thread, scratch
from .borrow import borrow, room
from .damage import damaged
from .finite import is_finite, is_signed_unit
from .shape import shape_text

_COLOUR = -1.0  # the lowest value of each kind of channel; the highest is 1
_ALPHA = 0.0
_GREY = 0.5  # 0 on the wire
_LAST_BITS = 2.0**-22
_BLACK = torch.tensor(_COLOUR)


@one_thread()
def to_wire(images: torch.Tensor, *, keep_alpha: bool = False) -> list[np.ndarray]:
    """One float16 [1, H, W, 3], -1 to 1, for each picture of a batch.

    `images` is ComfyUI's IMAGE: float [B, H, W, 3 or 4], 0 to 1; what is outside is clamped. Of a
    picture with alpha the colour goes as it is, and fully transparent pixels become 0, mid grey
    (docs/protocol.md 4.2); with `keep_alpha` it goes along: [1, H, W, 4] of A, R, G, B, where A is
    0 to 1. Raises RequestRejected for NaN and for other shapes.
    """
    if images.ndim != 4 or images.shape[-1] not in (3, 4) or images.numel() == 0:
        raise RequestRejected(
            f"A picture cannot be sent: its dims are {shape_text(images.shape)}, and"
            " [batch, height, width, 3 or 4] is needed.",
            "Connect an IMAGE output.",
        )
    if not images.is_floating_point():
        raise RequestRejected(
            f"A picture cannot be sent: its values are {images.dtype}, and 0 to 1 is needed.",
            "Connect an IMAGE output.",
        )
    keep_alpha = keep_alpha and images.shape[-1] == 4
    return [_one_to_wire(image.detach().cpu(), keep_alpha) for image in images]


@one_thread()
def from_wire(array: np.ndarray, out: torch.Tensor | None = None) -> torch.Tensor:
    """Return ComfyUI's IMAGE of a wire picture: float32 [B, H, W, 3], 0 to 1, clamped.

    `array` is float16, float32 or float64 [B, H, W, 3], [H, W, 3], or [3, H, W] as in the public
    guide's form, -1 to 1. Of 4 values a pixel (A, R, G, B, docs/protocol.md 3.3) A is 0 to 1,
    and the result is [B, H, W, 4], R, G, B, A. With `out`, contiguous and of the result's dims,
    that is filled and returned. Raises GenerationFailed where any value is
    not finite: two infinite ones next to each other spoil finite pixels too, depending on the
    processors at both ends. Raises BadTensor for what is no picture.
    """
    pixels = borrow(_as_batch(array))
    unit = room(*pixels.shape) if out is None else out
    patterns = scratch(torch.int32)
    if pixels.shape[-1] == 3:
        for source, target in in_blocks(pixels.view(-1), unit.view(-1)):
            _demand_numbers(source.numpy())
            _to_unit(source, _COLOUR, patterns, out=target)
    else:
        for source, target in in_blocks(pixels.view(-1, 4), unit.view(-1, 4)):
            _demand_numbers(source.numpy())
            target[:, :3] = _to_unit(source[:, 1:], _COLOUR, patterns)
            target[:, 3:] = _to_unit(source[:, :1], _ALPHA, patterns)
    return unit


def check(array: np.ndarray) -> None:
    """Raise what `from_wire` raises for a wire picture, in a fraction of its time."""
    _demand_numbers(_as_batch(array))


def _demand_numbers(array: np.ndarray) -> None:
    if not is_finite(array):
        raise _not_numbers()


def _not_numbers() -> GenerationFailed:
    return GenerationFailed(
        "The server's picture holds values that are not numbers.",
        "Generate again with another seed or sampler, and if it stays so, with a model of higher "
        "precision.",
    )


def dims_of(array: np.ndarray) -> tuple[int, ...]:
    """Return the dims [B, H, W, 3 or 4] that `from_wire` gives; raises what it raises for them."""
    return _as_batch(array).shape


@one_thread()
def to_bytes(image: torch.Tensor) -> np.ndarray:
    """Return uint8 of a picture's values 0 to 1, in its dims: cut off, not rounded, as ComfyUI
    saves them.
    """
    source = image.detach().cpu().contiguous()
    pixels = torch.empty(source.shape, dtype=torch.uint8)
    for some, target in in_blocks(source.view(-1), pixels.view(-1)):
        target.copy_((some * 255).clamp_(0, 255))
    return pixels.numpy()


def _one_to_wire(image: torch.Tensor, keep_alpha: bool) -> np.ndarray:
    """Return float16 [1, H, W, 3], or 4 with `keep_alpha`, of a picture [H, W, 3 or 4]."""
    height, width, channels = image.shape
    wire = room(height * width, 4 if keep_alpha else 3, dtype=np.float16)
    if channels == 3:
        numbers = fill_signed(image.reshape(-1), wire.view(-1))
    else:
        numbers = True
        for source, target in in_blocks(image.reshape(-1, 4), wire):
            unit = source.to(torch.float32).clamp(0, 1)
            numbers = numbers and not unit.sum().isnan()
            colour = unit[:, :3].masked_fill(unit[:, 3:] == 0, _GREY)
            target[:, -3:] = colour.mul_(2).sub_(1)
            if keep_alpha:
                target[:, :1] = unit[:, 3:]
    if not numbers:
        raise RequestRejected(
            "A picture cannot be sent: some of its pixels are not a number (NaN).",
            "Check the nodes that made it; a VAE in 16-bit precision is a common cause.",
        )
    return wire.view(1, height, width, -1).numpy()


def fill_signed(values: torch.Tensor, wire: torch.Tensor) -> bool:
    """Write values 0 to 1 as float16 -1 to 1, clamped; both are [n]. Return whether there was no
    NaN.
    """
    numbers, between = True, scratch()
    for source, target in in_blocks(values, wire):
        signed = between[: len(source)]
        unit = source.to(torch.float32)
        target.copy_(torch.add(_BLACK, unit, alpha=2, out=signed))
        if not is_signed_unit(target.numpy()):  # which takes less time than to clamp all
            unit = unit.clamp(0, 1)  # NaN stays
            numbers = numbers and not unit.sum().isnan()
            target.copy_(torch.add(_BLACK, unit, alpha=2, out=signed))
    return numbers


def _as_batch(array: np.ndarray) -> np.ndarray:
    """Return the array as [B, H, W, 3 or 4]."""
    if array.ndim == 3 and array.shape[0] == 3 and array.shape[2] not in (3, 4):
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 3:
        array = array[np.newaxis]
    if array.ndim != 4 or array.shape[3] not in (3, 4) or array.size == 0:
        raise damaged(f"a picture with dims {shape_text(array.shape)} came")
    if array.dtype not in (np.float16, np.float32, np.float64):
        raise damaged(f"a picture of {array.dtype} values came")
    return array


def _to_unit(
    values: torch.Tensor, low: float, patterns: torch.Tensor, out: torch.Tensor | None = None
) -> torch.Tensor:
    """Return float32 0 to 1 of values `low` to 1, NaN where they are not finite.

    `patterns` is room for as many int32. With `out`, of one dim as `values` then is, that is filled
    and returned.
    """
    if values.dtype != torch.float16:
        unit = _formula(values, low)
        return unit if out is None else out.copy_(unit)
    index = patterns[: values.numel()]
    index.view(values.shape).copy_(values.view(torch.uint16))
    if out is None:
        return _table(low).index_select(0, index).view(values.shape)
    return torch.index_select(_table(low), 0, index, out=out)


@cache
def _table(low: float) -> torch.Tensor:
    """Return the result for each of the 65536 float16 patterns: a look-up beats computing."""
    patterns = torch.arange(-(1 << 15), 1 << 15, dtype=torch.int32).to(torch.int16)
    return torch.roll(_formula(patterns.view(torch.float16), low), 1 << 15)


def _formula(values: torch.Tensor, low: float) -> torch.Tensor:
    """Return float32 0 to 1 of values `low` to 1; NaN where they are not finite.

    A value that encodes an 8-bit level becomes that level as ComfyUI's loader has it. Among
    float32 values this allows for the last bits, where peers compute in another order.
    """
    wide = values.to(torch.float32)
    unit = ((wide - low) / (1 - low)).clamp(0, 1)
    level = torch.round(unit * 255)
    encoded = (level / 255 * (1 - low) + low).to(values.dtype).to(torch.float32)
    tolerance = 0.0 if values.dtype == torch.float16 else _LAST_BITS
    unit = torch.where((wide - encoded).abs() <= tolerance, level / 255, unit)
    return torch.where(torch.isfinite(wide), unit, torch.nan)
