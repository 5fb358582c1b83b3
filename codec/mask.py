"""ComfyUI's masks as the wire's, whose bytes are kinds of treatment and not shades."""

from __future__ import annotations

import numpy as np
import torch

from ..errors import RequestRejected
from .blocks import in_blocks, one_thread
from .shape import shape_text

# The low 3 bits of a mask byte (docs/protocol.md 4.3). 0 would also keep, but only beside a 2.
FROM_NOISE = 1
REPAINT = 2
KEEP = 3

_THRESHOLD = 0.5


@one_thread()
def to_wire(mask: torch.Tensor, *, from_noise: bool = False) -> np.ndarray:
    """Return uint8 [H, W]: KEEP where the mask is black, REPAINT (or FROM_NOISE) where white.

    `mask` is ComfyUI's MASK, float [H, W] or [1, H, W], 0 to 1; 0.5 and more is white, as the
    server knows nothing in between. Raises RequestRejected for NaN and for other shapes.
    """
    flat = mask[0] if mask.ndim == 3 and mask.shape[0] == 1 else mask
    if flat.ndim != 2 or flat.numel() == 0:
        dims = shape_text(mask.shape)
        raise RequestRejected(
            f"The mask cannot be sent: its dims are {dims}, and a single "
            "[height, width] is needed.",
            "Connect a MASK output with one mask.",
        )
    flat = flat.detach().cpu()
    white = torch.empty(flat.shape, dtype=torch.bool)
    kinds, keep = white.view(torch.uint8), torch.tensor(KEEP, dtype=torch.uint8)
    step = KEEP - (FROM_NOISE if from_noise else REPAINT)
    numbers = True
    for shades, is_white, kind in in_blocks(*(t.reshape(-1) for t in (flat, white, kinds))):
        numbers = numbers and not shades.sum().isnan()
        torch.ge(shades, _THRESHOLD, out=is_white)
        torch.sub(keep, kind, alpha=step, out=kind)
    if not numbers and flat.isnan().any():  # the sum of both infinities is none, too
        raise RequestRejected(
            "The mask cannot be sent: some of its values are not a number (NaN).",
            "Check the nodes that made it.",
        )
    return kinds.numpy()
