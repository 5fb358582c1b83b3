"""Whatever a link or the API brings to a widget: a sentence of ours, and the next run works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from standin import stage as stage_module
from standin.outcomes import assert_failed
from standin.stage import Stage, graph

from drawbridge.codec import tensor
from drawbridge.emulator.server import replies
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import DrawbridgeError
from drawbridge.nodes import NODES

Serve = Callable[..., Emulator]


def linked(port: int, node: str, name: str, value: Any) -> Any:
    stage_module._given["odd"] = value
    prompt = graph(port)
    prompt["odd"] = {"class_type": "Tests_Give", "inputs": {"name": "odd"}}
    prompt[node]["inputs"][name] = ["odd", 0]
    return prompt


@pytest.mark.parametrize(
    ("node", "name", "value", "words"),
    [
        ("generate", "sampler", 5, "sampler is 5, and a text is needed"),
        ("generate", "batch_count", 0, "batch_count is 0"),
        ("generate", "seed", "seven", "seed is 'seven', and a whole number is needed"),
        ("generate", "steps", 4.5, "steps is 4.5, and a whole number is needed"),
        ("generate", "guidance", float("nan"), "guidance is nan, and a number is needed"),
        ("generate", "shift", "auto", "shift is 'auto', and a number is needed"),
        ("generate", "strength", [], r"strength is \[\], and a number is needed"),
        ("generate", "prompt", torch.zeros(99), "prompt is a value of the kind Tensor"),
        ("generate", "width", None, "width is None, and a whole number is needed"),
        ("generate", "fit", 3, "fit is 3, and a text is needed"),
        ("connect", "transport", 5, "transport is 5, and a text is needed"),
        ("connect", "host", 5, "host is 5, and a text is needed"),
        ("connect", "port", "x" * 999, "port is a value of the kind str"),
        ("model", "model", None, "model is None, and a text is needed"),
    ],
)
def test_value_of_another_kind_is_said_at_its_node(
    serve: Serve, stage: Stage, node: str, name: str, value: Any, words: str
) -> None:
    emulator = serve()
    outcome = stage.host.run(linked(emulator.port, node, name, value))
    assert_failed(outcome, node, "RequestRejected", words)
    assert stage.host.run(graph(emulator.port)).status == "success"


@pytest.mark.parametrize(
    ("node", "name"),
    [
        *(("connect", name) for name in ("host", "transport", "certificate", "credential")),
        *(("model", name) for name in ("model", "version")),
        *(("generate", name) for name in ("sampler", "fit")),
    ],
)
def test_text_of_a_megabyte_is_neither_repeated_whole_nor_raw(
    serve: Serve, stage: Stage, node: str, name: str
) -> None:
    prompt = linked(serve().port, node, name, "m\x00\x1b[2J\u202e\ud800" + "m" * (1 << 20))
    if name == "certificate":
        prompt["connect"]["inputs"]["transport"] = "own certificate authority"
    outcome = stage.host.run(prompt)
    assert (outcome.status, outcome.node_id) == ("error", node)
    assert isinstance(outcome.exception, DrawbridgeError), repr(outcome.exception)
    for text in (outcome.exception.problem, outcome.exception.remedy):
        assert len(text) < 1000
        assert text.isprintable()


@pytest.mark.parametrize(
    ("name", "value"), [("steps", 4.0), ("seed", np.int64(7)), ("guidance", 1), ("strength", None)]
)
def test_value_that_means_the_same_is_taken(
    serve: Serve, stage: Stage, name: str, value: Any
) -> None:
    outcome = stage.host.run(linked(serve().port, "generate", name, value))
    assert outcome.status == "success", outcome.exception_message


def test_every_node_looks_at_what_it_is_given() -> None:
    for node in NODES:
        assert node.execute.__func__.__wrapped__  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([(1, 64, 64, 3), (1, 64, 128, 3)], "64 x 64 without alpha and 128 x 64 without alpha"),
        ([(1, 64, 64, 3), (1, 64, 64, 4)], "64 x 64 without alpha and 64 x 64 with alpha"),
    ],
)
def test_pictures_that_make_up_no_batch_are_said(
    serve: Serve,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    shapes: list[tuple[int, ...]],
    words: str,
) -> None:
    left = iter(shapes)
    monkeypatch.setattr(
        replies, "encode", lambda *_, **__: tensor.encode(np.zeros(next(left), np.float16))
    )
    outcome = stage.host.run(graph(serve().port, batch_size=2, steps=1, sampler="DDIM Trailing"))
    assert_failed(outcome, "generate", "GenerationFailed", words)
