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
from drawbridge.emulator.stock.models import MODELS
from drawbridge.nodes.host import Display
from drawbridge.nodes.records import Settings

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


@pytest.mark.parametrize(
    ("inputs", "size"),
    [
        ({"width": 512, "height": 512}, (512, 512)),
        ({"width": 768, "height": 512}, (768, 512)),
        ({"width": 1152, "height": 2304}, (512, 1024)),  # no larger than ComfyUI's usual ones
        ({"width": 256, "height": 128, "batch_size": 3}, (768, 128)),
    ],
)
def test_preview_is_as_large_as_the_picture(
    serve: Serve, stage: Stage, inputs: dict[str, int], size: tuple[int, int]
) -> None:
    outcome = stage.host.run(graph(serve(step_ms=30).port, steps=4, **inputs))
    assert outcome.status == "success", outcome.exception_message
    assert {one["size"] for one in stage.told("preview", node="generate")} == {size}


@pytest.mark.parametrize("version", ["wan_v2.1_14b", "ltx2"])
def test_every_video_shows_something_before_it_is_there(
    serve: Serve, stage: Stage, version: str
) -> None:
    """Nobody knows what the latents of LTX show, so its first frame is shown once it is there."""
    model = next(str(spec["file"]) for spec in MODELS if spec["version"] == version)
    outcome = stage.host.run(
        graph(
            serve(step_ms=30).port,
            model=model,
            **{"width": 256, "height": 128, "steps": 4},
            settings=Settings().with_values(num_frames=9),
        )
    )
    assert outcome.status == "success", outcome.exception_message
    shown = stage.told("preview", node="generate")
    assert {one["size"] for one in shown} == {(256, 128)}
    if version == "ltx2":
        first = np.asarray(Image.open(stage.pictures[0]).convert("RGB"))
        assert [np.array_equal(np.asarray(one["image"]), first) for one in shown] == [True, True]
