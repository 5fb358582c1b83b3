"""The finished picture takes the place of the last preview, and a page can fetch it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from standin.executor import Outcome
from standin.stage import Stage, graph

from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS
from drawbridge.nodes.generating.finished_pictures import SHOWN
from drawbridge.nodes.records import Settings

Serve = Callable[..., Emulator]


def kept(stage: Stage, outcome: Outcome) -> np.ndarray:
    [name] = outcome.ui["generate"][SHOWN]
    with Image.open(stage.temporary / name) as picture:
        return np.asarray(picture, np.int16)


def saved(stage: Stage) -> list[np.ndarray]:
    return [np.asarray(Image.open(path), np.int16) for path in stage.pictures]


@pytest.mark.parametrize("count", [1, 2, 4])
def test_pictures_of_a_batch_are_shown_beside_each_other(
    serve: Serve, stage: Stage, count: int
) -> None:
    sizes = {"batch_size": count, "width": 256, "height": 128}
    outcome = stage.host.run(graph(serve().port, steps=1, **sizes))
    whole = np.concatenate(saved(stage), axis=1)
    last = stage.told("preview", node="generate")[-1]
    assert last["size"] == (256 * count, 128)
    assert np.array_equal(np.asarray(last["image"], np.int16), whole)
    assert np.abs(kept(stage, outcome) - whole).mean() < 4


def test_many_pictures_are_shown_in_rows(serve: Serve, stage: Stage) -> None:
    sizes = {"batch_count": 5, "width": 128, "height": 128}
    outcome = stage.host.run(graph(serve().port, steps=1, **sizes))
    whole = kept(stage, outcome)
    assert whole.shape == (256, 384, 3)
    for number, picture in enumerate(saved(stage)):
        top, left = number // 3 * 128, number % 3 * 128
        assert np.abs(whole[top : top + 128, left : left + 128] - picture).mean() < 4


def test_same_picture_is_kept_once(serve: Serve, stage: Stage) -> None:
    prompt = graph(serve().port, steps=1, width=256, height=256)
    first = stage.host.run(prompt).ui["generate"]
    stage.host = Stage(stage.output).host  # which has nothing in its cache
    assert stage.host.run(prompt).ui["generate"] == first
    assert len(list(stage.temporary.iterdir())) == 1


def test_it_is_no_larger_than_a_preview(serve: Serve, stage: Stage) -> None:
    outcome = stage.host.run(graph(serve().port, steps=1, width=2048, height=1024))
    assert kept(stage, outcome).shape == (512, 1024, 3)


def test_video_is_shown_by_its_first_frame(serve: Serve, stage: Stage) -> None:
    inputs: dict[str, Any] = {"steps": 2, "width": 128, "height": 128}
    inputs["model"] = next(spec["file"] for spec in MODELS if spec["version"] == "wan_v2.1_14b")
    inputs["settings"] = Settings().with_values(num_frames=5)
    outcome = stage.host.run(graph(serve().port, **inputs))
    assert outcome.status == "success", outcome.exception_message
    shown, frames = kept(stage, outcome), saved(stage)
    assert len(frames) == 5
    assert np.argmin([np.abs(shown - frame).mean() for frame in frames]) == 0


def test_full_disk_costs_no_picture(
    serve: Serve, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.temporary.write_bytes(b"a file where the folder should be")
    outcome = stage.host.run(graph(serve().port, steps=1, width=128, height=128))
    assert outcome.status == "success", outcome.exception_message
    assert len(stage.pictures) == 1
    assert "generate" not in outcome.ui
    assert "cannot be kept" in caplog.text
