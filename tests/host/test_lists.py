"""Lists and blocked outputs in the real ComfyUI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from standin.stage import Stage, graph

from drawbridge.devtools.comfyui.host import Ending, RealComfyUI
from drawbridge.emulator.server.server import Emulator, Options

Serve = Callable[..., Emulator]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start emulators with the options given; they end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(Options(**options)))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a stand-in to compare with."""
    return Stage(tmp_path / "output")


def batch_graph(port: int, lines: str, seed: int, **inputs: Any) -> dict[str, Any]:
    prompt = graph(port, **inputs)
    prompt["batch"] = {
        "class_type": "Drawbridge_PromptBatch",
        "inputs": {"prompts": lines, "prefix": "", "suffix": "", "seed": seed},
    }
    prompt["generate"]["inputs"].update(prompt=["batch", 0], seed=["batch", 2])
    return prompt


def test_each_line_becomes_a_picture_in_order_as_in_the_stand_in(
    comfyui: RealComfyUI, serve: Serve, stage: Stage
) -> None:
    prompt = batch_graph(serve(strict=True).port, "a lake\n# no\ndunes\nfog", 40)
    outcome = comfyui.run(prompt)
    assert outcome.ending is Ending.SUCCESS, outcome.message
    assert stage.host.run(prompt).status == "success"
    assert len(outcome.files) == len(stage.pictures) == 3
    for real, ours in zip(outcome.files, stage.pictures, strict=True):
        assert np.array_equal(np.asarray(Image.open(real)), np.asarray(Image.open(ours)))


def test_output_without_a_value_blocks_what_is_behind_it(
    comfyui: RealComfyUI, serve: Serve
) -> None:
    prompt = graph(serve().port)
    prompt = {name: prompt[name] for name in ("connect", "model")}
    prompt["words"] = {
        "class_type": "Drawbridge_Prompt",
        "inputs": {"prompt": "a lake", "model": ["model", 0]},
    }
    for slot, name in enumerate(("prompt", "embeddings")):
        prompt[name] = {"class_type": "PreviewAny", "inputs": {"source": ["words", slot]}}
    outcome = comfyui.run(prompt)  # this model has no embeddings
    assert outcome.ending is Ending.SUCCESS, outcome.message
    assert outcome.outputs["prompt"]["text"] == ["a lake"]
    assert "embeddings" not in outcome.outputs
