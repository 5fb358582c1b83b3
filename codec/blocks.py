"""Cuts arithmetic into blocks that torch does at once in the thread that asks for it.

From 32,768 values on torch shares an operation among threads of its own, which wait for each other
after each of them: a megapixel then takes ten times as long as soon as anything else runs on the
computer. Smaller blocks stay in the processor's cache, too, from one operation to the next.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

GRAIN = 1 << 15  # torch's own (at::internal::GRAIN_SIZE)
BLOCK = GRAIN - 64  # whole lines of cache


def in_blocks(*tensors: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield the rows of the tensors in step, in blocks of fewer values than torch would share.

    All are [rows, values] or [values], with as many rows each; the blocks are views of them. How
    many rows a block has follows from the longest row; a longer one than a block comes alone.
    """
    rows = max(1, BLOCK // max(tensor[:1].numel() for tensor in tensors))
    return zip(*(tensor.split(rows) for tensor in tensors), strict=True)


def has_nan(sums: list[torch.Tensor]) -> bool:
    """Return whether a value of any block may be NaN; `sums` are the sums of the blocks.

    A sum takes a tenth of the time of a look at each value. It is NaN where a value is, and besides
    where infinite values of both signs meet.
    """
    return bool(torch.stack(sums).sum().isnan())
