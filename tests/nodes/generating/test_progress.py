"""What Generate shows on its way, for each kind of request and each kind of model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from server import PromptServer
from standin.stage import Stage, graph

from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS
from drawbridge.nodes.host import Display
from drawbridge.nodes.records import Settings

Serve = Callable[..., Emulator]


def model_of(version: str) -> str:
    return next(str(spec["file"]) for spec in MODELS if spec["version"] == version)


def totals(stage: Stage) -> set[float]:
    return {one["max"] for one in stage.told("progress", node="generate")}


@pytest.mark.parametrize(
    "version",
    [
        *("v1", "sdxl_base_v0.9", "sd3", "flux1", "ernie_image", "hunyuan_video", "qwen_image"),
        *("wan_v2.2_5b", "wurstchen_v3.0_stage_c", "hidream_o1", "kandinsky2.1", "pixart"),
    ],
)
def test_every_latent_space_shows_previews(serve: Serve, stage: Stage, version: str) -> None:
    outcome = stage.host.run(
        graph(
            serve(strict=True, step_ms=30).port,
            model=model_of(version),
            height=128,
            steps=8,
            settings=Settings().with_values(num_frames=5),
        )
    )
    assert outcome.status == "success", outcome.exception_message
    assert stage.told("preview", node="generate")


@pytest.mark.parametrize(
    ("inputs", "settings", "total"),
    [
        ({"image": torch.rand(1, 192, 128, 3), "strength": 0.5, "shift": 1.0}, {}, 4),
        ({"batch_count": 3}, {}, 24),
        (
            {"width": 256, "height": 256},
            {
                **{"hires_fix": True, "hires_fix_start_width": 128, "hires_fix_start_height": 128},
                **{"hires_fix_strength": 0.5, "resolution_dependent_shift": False, "shift": 1.0},
            },
            12,
        ),
        ({}, {"upscaler": "realesrgan_x2plus_f16.ckpt"}, 8),
    ],
    ids=["strength", "batch", "second pass", "upscaler"],
)
def test_bar_counts_the_steps_that_the_server_announced(
    serve: Serve, stage: Stage, inputs: dict[str, Any], settings: dict[str, Any], total: float
) -> None:
    outcome = stage.host.run(
        graph(
            serve(strict=True).port,
            steps=8,
            settings=Settings().with_values(**settings),
            **inputs,
        )
    )
    assert outcome.status == "success", outcome.exception_message
    told = stage.told("progress", node="generate")
    values = [one["value"] / one["max"] for one in told]
    assert total in totals(stage)
    assert told[-1]["max"] == total
    assert values == sorted(values)
    assert values[-1] == 1


def test_files_that_the_server_fetches_are_told(serve: Serve, stage: Stage) -> None:
    PromptServer.instance.texts.clear()
    outcome = stage.host.run(graph(serve(faults=("remote-download",)).port))
    assert outcome.status == "success", outcome.exception_message
    words = [text for _, text in PromptServer.instance.texts]
    assert "The server downloads file 1 of 1, 50%" in words


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<img src=x onerror=alert(1)>", "\u2039img src=x onerror=alert(1)\u203a"),
        ("a & b: 20 %; 3 > 2", "a & b: 20 %; 3 \u203a 2"),
        ("one\x1b[2J\ntwo\ud800", "one [2J two"),
        ("x" * 9999, "x" * 500 + "..."),
    ],
)
def test_words_on_a_node_are_no_html(stage: Stage, said: str, shown: str) -> None:
    """ComfyUI's page 1.27 puts them into the document as they come."""
    Display("generate").say(said)
    assert PromptServer.instance.texts[-1] == ("generate", shown)
