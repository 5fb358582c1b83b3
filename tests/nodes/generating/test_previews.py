"""A preview of any shape is drawn or left out, and never ends the host."""

from __future__ import annotations

from collections.abc import Callable

import comfy.utils
import numpy as np
import pytest
from PIL import Image
from standin.stage import Stage, graph

from drawbridge.codec import tensor
from drawbridge.emulator.server import faults
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes.host import Display

Serve = Callable[..., Emulator]


@pytest.mark.parametrize(
    "dims",
    [
        *((1, 1, 2048, 4), (1, 2048, 1, 4), (1, 1, 2047, 4), (1, 16, 40_000, 4)),
        *((2048, 1, 1, 4), (1, 1, 1, 4), (1, 1, 100_000, 4)),
    ],
)
def test_preview_of_extreme_sides_does_not_end_the_host(
    serve: Serve, stage: Stage, monkeypatch: pytest.MonkeyPatch, dims: tuple[int, ...]
) -> None:
    wire = tensor.encode(np.zeros(dims, np.float16))
    monkeypatch.setattr(
        faults, "_spoil_preview", lambda message, active: setattr(message, "previewImage", wire)
    )
    emulator = serve(step_ms=30, faults=("bad-preview",))
    outcome = stage.host.run(graph(emulator.port, model="sd_v1.5_f16.ckpt"))
    assert stage.told("preview", node="generate")
    assert outcome.status == "success", outcome.exception_message
    assert stage.host.run(graph(serve().port)).status == "success"


@pytest.mark.parametrize("size", [(2048, 1), (1, 2048), (1025, 1), (40_000, 16), (1024, 1)])
def test_preview_keeps_both_sides_where_it_is_drawn(stage: Stage, size: tuple[int, int]) -> None:
    seen: list[tuple[int, int]] = []

    def hook(
        value: float, total: float, preview: tuple[str, Image.Image, int], node_id: str
    ) -> None:
        width, height = preview[1].size
        longest = max(width, height)
        seen.append((round(width / longest * preview[2]), round(height / longest * preview[2])))

    comfy.utils.set_progress_bar_global_hook(hook)
    Display("generate").progress(1, 2, Image.new("RGB", size))
    assert min(seen[0]) >= 1
