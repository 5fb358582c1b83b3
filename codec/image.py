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
from .borrow import borrow
from .damage import damaged
from .shape import shape_text

# Values converted at a time: scratch memory stays at 8 MB whatever a picture's size. Much smaller
# blocks are slow on a busy computer, where torch's threads wait for each other in each step.
_BLOCK = 1 << 21

_COLOUR = -1.0  # the lowest value of each kind of channel; the highest is 1
_ALPHA = 0.0
_GREY = 0.5  # 0 on the wire
_LAST_BITS = 2.0**-22


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
    wires = [_one_to_wire(image.detach().to("cpu", torch.float32)) for image in images]
    if images.shape[-1] == 3 or not keep_alpha:
        return wires
    alphas = images[..., 3:].detach().to("cpu", torch.float16).clamp(0, 1).split(1)
    pairs = zip(alphas, wires, strict=True)
    return [np.concatenate((alpha.numpy(), wire), axis=-1) for alpha, wire in pairs]


def from_wire(array: np.ndarray) -> torch.Tensor:
    """Return ComfyUI's IMAGE of a wire picture: float32 [B, H, W, 3], 0 to 1, clamped.

    `array` is float16, float32 or float64 [B, H, W, 3], [H, W, 3], or [3, H, W] as in the public
    guide's form, -1 to 1. Of 4 values a pixel (A, R, G, B, docs/protocol.md 3.3) A is 0 to 1,
    and the result is [B, H, W, 4], R, G, B, A. Raises GenerationFailed where any value is
    not finite: two infinite ones next to each other spoil finite pixels too, depending on the
    processors at both ends. Raises BadTensor for what is no picture.
    """
    pixels = borrow(_as_batch(array))
    if pixels.shape[-1] == 3:
        return _to_unit(pixels, _COLOUR)
    return torch.cat((_to_unit(pixels[..., 1:], _COLOUR), _to_unit(pixels[..., :1], _ALPHA)), -1)


def _one_to_wire(image: torch.Tensor) -> np.ndarray:
    if image.shape[-1] == 4:
        _refuse_nan(image[..., 3])
        image = image[..., :3].masked_fill(image[..., 3:] <= 0, _GREY)
    source = image.reshape(-1)
    wire = torch.empty(source.shape, dtype=torch.float16)
    scratch = torch.empty(min(_BLOCK, source.numel()), dtype=torch.float32)
    for start in range(0, source.numel(), _BLOCK):
        block = source[start : start + _BLOCK]
        signed = torch.clamp(block, 0, 1, out=scratch[: block.numel()])
        _refuse_nan(signed)
        wire[start : start + _BLOCK] = signed.mul_(2).sub_(1)
    return wire.view(1, *image.shape).numpy()


def _refuse_nan(values: torch.Tensor) -> None:
    # A sum takes a tenth of the time of a look at each value, and can only be wrong one way.
    if torch.isnan(values.sum()) and torch.isnan(values).any():
        raise RequestRejected(
            "A picture cannot be sent: some of its pixels are not a number (NaN).",
            "Check the nodes that made it; a VAE in 16-bit precision is a common cause.",
        )


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


def _to_unit(pixels: torch.Tensor, low: float) -> torch.Tensor:
    """Return float32 0 to 1 of values `low` to 1, in the shape of `pixels`."""
    source = pixels.reshape(-1)
    unit = torch.empty(source.shape, dtype=torch.float32)
    for start in range(0, source.numel(), _BLOCK):
        block, target = source[start : start + _BLOCK], unit[start : start + _BLOCK]
        if block.dtype == torch.float16:
            pattern = block.view(torch.int16).to(torch.int32).bitwise_and_(0xFFFF)
            torch.index_select(_table(low), 0, pattern, out=target)
        else:
            target.copy_(_formula(block.to(torch.float32), low))
        if torch.isnan(target.sum()):
            raise GenerationFailed(
                "The server's picture holds values that are not numbers.",
                "Generate again with another seed or sampler, and if it stays so, with a model of "
                "higher precision.",
            )
    return unit.view(pixels.shape)


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
