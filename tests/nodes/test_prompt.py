"""Prompt checks embeddings, Prompt Batch makes lists, and Generate works through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from server import PromptServer
from standin.stage import Stage, given, graph

from drawbridge.client.generation.seed import settled
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS
from drawbridge.errors import RequestRejected

Serve = Callable[..., Emulator]
SD1 = next(str(spec["file"]) for spec in MODELS if spec["version"] == "v1")
MOST = 0xFFFFFFFF
LINES = "a lake\n\n   # not now\n  two dunes  \n#three\nfog\n"


def show(*source: str | int) -> dict[str, Any]:
    return {"class_type": "PreviewAny", "inputs": {"source": list(source)}}


def prompt_graph(words: str, port: int | None = None, model: str = SD1) -> dict[str, Any]:
    inputs: dict[str, Any] = {"prompt": words}
    prompt: dict[str, Any] = {}
    if port is not None:
        whole = graph(port, model=model)
        prompt = {name: whole[name] for name in ("connect", "model")}
        inputs["model"] = ["model", 0]
    return {
        **prompt,
        "prompt": {"class_type": "Drawbridge_Prompt", "inputs": inputs},
        "words": show("prompt", 0),
        "embeddings": show("prompt", 1),
    }


def batch_graph(prompts: Any, seed: int = 7, prefix: str = "", suffix: str = "") -> dict[str, Any]:
    inputs = {"prompts": prompts, "prefix": prefix, "suffix": suffix, "seed": seed}
    return {
        "batch": {"class_type": "Drawbridge_PromptBatch", "inputs": inputs},
        "prompts": show("batch", 0),
        "count": show("batch", 1),
        "seeds": show("batch", 2),
    }


def test_prompt_without_a_model_goes_on_unchecked(stage: Stage) -> None:
    outcome = stage.host.run(prompt_graph("a <nothing> here"))
    assert outcome.status == "success", outcome.exception_message
    assert outcome.ui["words"]["text"] == ["a <nothing> here"]
    assert "embeddings" not in outcome.ui


def test_embeddings_of_the_models_version_are_listed(serve: Serve, stage: Stage) -> None:
    outcome = stage.host.run(prompt_graph("in a <cosy_room>, 1 < 2 and 3 > 2", serve().port))
    assert outcome.status == "success", outcome.exception_message
    assert outcome.ui["words"]["text"] == ["in a <cosy_room>, 1 < 2 and 3 > 2"]
    assert outcome.ui["embeddings"]["text"] == ["<cosy_room>", "<clean_hands>"]


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        ("a <cosy_rom>", ("<cosy_rom>", "Did you mean <cosy_room>?")),
        ("a <Cosy_Room>", ("<Cosy_Room>", "Did you mean <cosy_room>?")),
        ("<cosy_room> of <paper_world>", ("<paper_world> for", "(v1)")),
        ("<zzzzzz>", ("<zzzzzz>", "Take it out of the prompt.")),
    ],
)
def test_unknown_embedding_is_an_error_that_names_the_nearest(
    serve: Serve, stage: Stage, words: str, facts: tuple[str, ...]
) -> None:
    outcome = stage.host.run(prompt_graph(words, serve().port))
    assert (outcome.status, outcome.node_id) == ("error", "prompt")
    assert outcome.exception_type == "drawbridge.RequestRejected"
    for fact in facts:
        assert fact in str(outcome.exception_message)


def test_model_without_embeddings_blocks_only_their_list(serve: Serve, stage: Stage) -> None:
    flow = next(str(spec["file"]) for spec in MODELS if spec["version"] == "z_image")
    outcome = stage.host.run(prompt_graph("dunes", serve().port, flow))
    assert outcome.status == "success", outcome.exception_message
    assert outcome.ui["words"]["text"] == ["dunes"]
    assert "embeddings" not in outcome.ui


def test_server_that_tells_nothing_lets_every_prompt_through(serve: Serve, stage: Stage) -> None:
    prompt = prompt_graph("a <nothing>", serve(model_browser=False).port)
    prompt["model"]["inputs"]["version"] = "v1"
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    assert outcome.ui["words"]["text"] == ["a <nothing>"]


def test_each_line_is_a_prompt_with_a_seed(stage: Stage) -> None:
    outcome = stage.host.run(batch_graph(LINES))
    assert outcome.status == "success", outcome.exception_message
    assert outcome.ui["prompts"]["text"] == ["a lake", "two dunes", "fog"]
    assert outcome.ui["count"]["text"] == ["3"]
    assert outcome.ui["seeds"]["text"] == ["7", "8", "9"]


def test_lines_end_as_in_files_of_any_system_and_nowhere_else(stage: Stage) -> None:
    outcome = stage.host.run(
        batch_graph("a lake\r\n\r\n# no\rdunes\u2028in the wind\x0c\nfog\x85here")
    )
    assert outcome.ui["prompts"]["text"] == ["a lake", "dunes\u2028in the wind", "fog\x85here"]


def test_seeds_start_again_at_zero_after_the_last(stage: Stage) -> None:
    outcome = stage.host.run(batch_graph(LINES, seed=0xFFFFFFFE))
    assert outcome.ui["seeds"]["text"] == ["4294967294", "4294967295", "0"]


@pytest.mark.parametrize("linked", [False, True])
def test_a_seed_below_zero_is_drawn_and_said(stage: Stage, linked: bool) -> None:
    PromptServer.instance.texts.clear()
    prompt = batch_graph(LINES, seed=-1)
    if linked:
        prompt["batch"]["inputs"]["seed"] = given(prompt, "seed", -1)
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    first, second, third = map(int, outcome.ui["seeds"]["text"])
    assert 0 <= first <= MOST
    assert (second, third) == ((first + 1) % (MOST + 1), (first + 2) % (MOST + 1))
    assert PromptServer.instance.texts[-1] == (
        "batch",
        f"The seed -1 asks for a random one; {first} was drawn.",
    )
    if not linked:
        stage.host.run(prompt)
        assert f"{first} was drawn" not in PromptServer.instance.texts[-1][1]


def test_a_linked_seed_beyond_the_wire_is_said(stage: Stage) -> None:
    prompt = batch_graph("fog", seed=0)
    prompt["batch"]["inputs"]["seed"] = given(prompt, "seed", MOST + 3)
    assert stage.host.run(prompt).ui["seeds"]["text"] == ["2"]
    assert "has more than 32 bits; 2 was taken" in PromptServer.instance.texts[-1][1]


@pytest.mark.parametrize("seed", ["soon", 1.5, True])
def test_a_seed_that_is_no_whole_number_is_refused(seed: Any) -> None:
    with pytest.raises(RequestRejected, match="is no whole number"):
        settled(seed)


@pytest.mark.parametrize(
    ("prefix", "suffix", "wanted"),
    [
        ("photo of", "", "photo of a lake"),
        ("photo of ", " at dusk", "photo of a lake at dusk"),
        ("", ", 35 mm", "a lake, 35 mm"),
        ("photo:", "at dusk", "photo: a lake at dusk"),
        ("  ", "\n", "a lake"),
    ],
)
def test_prefix_and_suffix_surround_each_prompt(
    stage: Stage, prefix: str, suffix: str, wanted: str
) -> None:
    outcome = stage.host.run(batch_graph("a lake\nfog", prefix=prefix, suffix=suffix))
    assert outcome.ui["prompts"]["text"] == [wanted, wanted.replace("a lake", "fog")]


def test_text_without_prompts_is_refused_at_its_field(stage: Stage) -> None:
    outcome = stage.host.run(batch_graph("\n # only words about it\n"))
    assert outcome.status == "invalid"
    [error] = outcome.node_errors["batch"]
    assert error["extra_info"]["input_name"] == "prompts"
    assert "There is no prompt" in error["details"]


def test_linked_text_without_prompts_is_an_error(stage: Stage) -> None:
    prompt = batch_graph(["text", 0])
    prompt["text"] = {"class_type": "Drawbridge_Prompt", "inputs": {"prompt": "# later"}}
    outcome = stage.host.run(prompt)
    assert (outcome.status, outcome.node_id) == ("error", "batch")
    assert outcome.exception_type == "drawbridge.RequestRejected"


def test_generate_makes_one_picture_for_each_line_in_order(serve: Serve, stage: Stage) -> None:
    emulator = serve(strict=True)
    prompt = {**graph(emulator.port), **batch_graph(LINES)}
    prompt["generate"]["inputs"].update(prompt=["batch", 0], seed=["batch", 2])
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    calls: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
    requests = [call["request"] for call in calls]
    sent = {request["prompt"]: request["configuration"]["seed"] for request in requests}
    wanted = {"a lake": 7, "two dunes": 8, "fog": 9}
    assert sent == wanted
    pictures = [np.asarray(Image.open(path)) for path in stage.pictures]
    assert len(pictures) == 3
    for (words, seed), picture in zip(wanted.items(), pictures, strict=True):
        alone = Stage(stage.output.with_name(f"alone {seed}"))
        alone.host.run(graph(emulator.port, prompt=words, seed=seed))
        assert np.array_equal(np.asarray(Image.open(alone.pictures[0])), picture)
