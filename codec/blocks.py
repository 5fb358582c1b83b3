"""Cuts arithmetic into blocks, and does it in the thread that asks for it alone.

From 32,768 values on torch shares an operation among threads of its own, which wait for each other
after each of them: a megapixel then takes ten times as long as soon as anything else runs on the
computer. Told to use one thread it does not, and blocks can be as large as stays in the processor's
cache from one operation to the next; where it cannot be told, they are smaller than it shares.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cache

import torch
from threadpoolctl import ThreadpoolController

GRAIN = 1 << 15  # torch's own (at::internal::GRAIN_SIZE)
BLOCK = GRAIN - 64  # whole lines of cache
LARGE_BLOCK = 1 << 19


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Have torch use no thread but the calling one, which alone is concerned: not others of the
    program, as by `torch.set_num_threads`. For whole functions, as a decorator.
    """
    with _openmp().limit(limits=1):
        yield


@cache
def _openmp() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")


def in_blocks(*tensors: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield the rows of the tensors in step, in blocks that torch does in one thread.

    All are [rows, values] or [values], with as many rows each; the blocks are views of them. How
    many rows a block has follows from the longest row; a longer one than a block comes alone.
    """
    rows = max(1, _block() // max(tensor[:1].numel() for tensor in tensors))
    return zip(*(tensor.split(rows) for tensor in tensors), strict=True)


def scratch(dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Return [values] of a block, for what lies between two operations, one block after another:
    new memory for each would have to be cleared by the system, which takes as long as they do.
    """
    return torch.empty(_block(), dtype=dtype)


def _block() -> int:
    """Return the most values of a block."""
    return LARGE_BLOCK if torch.get_num_threads() == 1 else BLOCK
