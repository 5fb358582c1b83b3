"""Arithmetic is done in one thread: torch is told so, and without that stays below its grain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from threadpoolctl import ThreadpoolController
from torch.utils._python_dispatch import TorchDispatchMode

from drawbridge.codec import blocks, hint, image, latent, mask
from drawbridge.codec.blocks import BLOCK, GRAIN, in_blocks, one_thread
from drawbridge.facts.latent_spaces import Kind, latent_spaces
from drawbridge.facts.versions import VERSIONS

SIDE = 160  # 76,800 values: more than two blocks
PICTURE = torch.rand(1, SIDE, SIDE, 4)
OPAQUE = torch.rand(1, SIDE, SIDE, 3)
MASK = torch.rand(2 * SIDE, 2 * SIDE)


class Watch(TorchDispatchMode):
    """Collects the operations that torch may share among its threads."""

    def __init__(self) -> None:
        super().__init__()
        self.shared: list[str] = []

    def __torch_dispatch__(  # type: ignore[override]
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__
        involved = (*args[name == "index_select" :], result)  # a table is only read from
        tensors = [one for one in involved if isinstance(one, torch.Tensor)]
        untouched = func.is_view or name.startswith(("empty", "detach", "_unsafe_view", "alias"))
        large = max((one.numel() for one in tensors), default=0) >= GRAIN
        large = large and torch.get_num_threads() > 1
        if name in ("mm", "addmm", "bmm", "dot", "mv") or (large and not untouched):
            self.shared.append(f"{name} {[tuple(one.shape) for one in tensors]}")
        return result


def wire(channels: int, dtype: type) -> np.ndarray:
    values = np.random.default_rng(3).uniform(-1, 1, (1, SIDE, SIDE, channels))
    return values.astype(dtype)


def previews() -> dict[str, Callable[[], object]]:
    works: dict[str, Callable[[], object]] = {}
    for space in latent_spaces():
        if space.kind is not Kind.NONE:
            version = next(row.id for row in VERSIONS.values() if space.name in row.latent_spaces)
            cells = wire(space.channels, np.float16)
            works[f"preview of {space.name}"] = lambda cells=cells, version=version: latent.preview(
                cells, version
            )
    return works


WORKS: dict[str, Callable[[], object]] = {
    "picture out": lambda: image.to_wire(OPAQUE),
    "picture with alpha out": lambda: image.to_wire(PICTURE, keep_alpha=True),
    "picture in": lambda: image.from_wire(wire(3, np.float16)),
    "picture with alpha in": lambda: image.from_wire(wire(4, np.float16)),
    "picture checked": lambda: image.check(wire(3, np.float16)) is None,
    "float32 picture in": lambda: image.from_wire(wire(3, np.float32)),
    "mask out": lambda: mask.to_wire(MASK),
    "hint out": lambda: hint.to_wire(PICTURE),
    "depth out": lambda: hint.to_wire(PICTURE, channels=1, low=0.0, inverted=True),
    **previews(),
}


@pytest.fixture(params=["told", "untold"])
def threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let torch have two threads, and on some computers nobody who can tell it to use one."""
    if request.param == "untold":
        none = ThreadpoolController().select(user_api="no such")
        monkeypatch.setattr(blocks, "_openmp", lambda: none)
    with ThreadpoolController().select(user_api="openmp").limit(limits=2):
        yield


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("what", WORKS)
def test_no_operation_is_large_enough_for_torch_s_threads(what: str) -> None:
    WORKS[what]()  # tables are made once
    with Watch() as watch:
        assert WORKS[what]() is not None
    assert watch.shared == []


def test_the_watch_sees_what_would_be_shared() -> None:
    with Watch() as watch:
        torch.rand(GRAIN).add_(1)
        torch.mm(torch.ones(2, 2), torch.ones(2, 2))
    assert [seen.split()[0] for seen in watch.shared] == ["rand", "add_", "mm"]


def test_blocks_cover_everything_once_in_order() -> None:
    values = torch.arange(3 * BLOCK + 5)
    rows = torch.zeros(len(values), 3)
    blocks = list(in_blocks(values, rows))
    assert torch.equal(torch.cat([one for one, _ in blocks]), values)
    assert all(len(one) == len(other) and other.numel() < GRAIN for one, other in blocks)
    for one, other in blocks:
        other[:, 0] = one
    assert torch.equal(rows[:, 0], values.float())


def test_one_thread_is_the_calling_one_s_own_affair() -> None:
    def elsewhere() -> int:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(torch.get_num_threads).result()

    before, others = torch.get_num_threads(), elsewhere()
    with one_thread():
        assert torch.get_num_threads() == 1
        assert elsewhere() == others
    assert torch.get_num_threads() == before


def test_blocks_are_larger_where_torch_uses_one_thread() -> None:
    values = torch.zeros(3 * BLOCK)
    with one_thread():
        assert len(list(in_blocks(values))) == 1
