"""The LoRA Stack node: rows, chains, and what the server says about them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from server import PromptServer
from standin.graph_nodes import run, stack
from standin.outcomes import results
from standin.stage import Stage, graph

from drawbridge.client.configuration.enums import LoRAMode
from drawbridge.client.configuration.fields import LoRA
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.entries import UNSPECIFIED_MODEL
from drawbridge.nodes.lora import LoRAStack

Serve = Callable[..., Emulator]
V1 = "sd_v1.5_f16.ckpt"
WATERCOLOUR = "watercolour_v1_lora_f16.ckpt"


def asking(emulator: Emulator, model: str = V1, **inputs: Any) -> dict[str, Any]:
    """Return a graph with a stack that is connected to a model."""
    whole = graph(emulator.port, model=model)
    return {
        "connect": whole["connect"],
        "model": whole["model"],
        "stack": stack(model=["model", 0], **inputs),
    }


def test_schema_has_eight_rows_in_order() -> None:
    names = [entry.id for entry in LoRAStack.GET_SCHEMA().inputs]
    assert names[:2] == ["loras", "model"]
    rows = [f"{part}_{row}" for row in range(1, 9) for part in ("lora", "weight", "mode")]
    assert names[2:] == [*rows, "specification"]


def test_rows_become_loras_and_empty_ones_are_left_out(stage: Stage) -> None:
    prompt = {
        "stack": stack(
            lora_1=" a.ckpt ",
            weight_1=-0.5,
            mode_1="refiner",
            lora_2="None",
            lora_3="",
            lora_4="off.ckpt",
            weight_4=0,
            lora_8="b.ckpt",
        )
    }
    loras, triggers, notes = results(run(stage.host, prompt, "stack", "loras"))
    assert loras == (LoRA("a.ckpt", -0.5, LoRAMode.REFINER), LoRA("b.ckpt", 0.6, LoRAMode.ALL))
    assert (triggers, notes) == ("", "")


def test_stacks_chain_in_order(stage: Stage) -> None:
    prompt = {
        "first": stack(lora_1="a.ckpt"),
        "second": stack(loras=["first", 0], lora_1="b.ckpt", mode_1="base"),
    }
    loras = results(run(stage.host, prompt, "second", "loras"), "second")[0]
    assert [(lora.file, lora.mode) for lora in loras] == [("a.ckpt", 0), ("b.ckpt", 1)]


def test_empty_stack_asks_no_server(stage: Stage, serve: Serve) -> None:
    emulator = serve()
    loras, triggers, _ = results(run(stage.host, asking(emulator), "stack", "loras"))
    assert (loras, triggers) == ((), "")
    assert len(emulator.journal.events("call", rpc="Echo")) == 2  # Connect's and Load Model's


def test_server_tells_file_and_trigger_words(stage: Stage, serve: Serve) -> None:
    prompt = asking(serve(), lora_1="WATERCOLOUR", weight_1=1.5, lora_2="Quick Steps (v1)")
    loras, triggers, _ = results(run(stage.host, prompt, "stack", "loras"))
    assert loras == (LoRA(WATERCOLOUR, 1.5), LoRA("quick_steps_v1_lora_f16.ckpt"))
    assert triggers == "watercolour"


def test_chain_tells_all_words_once_and_all_notes(
    stage: Stage, serve: Serve, tmp_path: Path
) -> None:
    own = {"name": "Ink", "file": "ink.ckpt", "prefix": "ink wash ", "version": "v1"}
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "custom_lora.json").write_text(json.dumps([{**own, "note": "Best at 0.8."}]))
    (folder / "ink.ckpt").write_bytes(b"weights")
    prompt = {
        **asking(
            serve(models=folder, stock=True), lora_1="Ink", lora_2=WATERCOLOUR, loras=["before", 0]
        ),
        "before": stack(lora_1="ink.ckpt"),
    }
    loras, triggers, notes = results(run(stage.host, prompt, "stack", "loras"))
    assert [lora.file for lora in loras] == ["ink.ckpt", "ink.ckpt", WATERCOLOUR]
    assert triggers == "ink wash, watercolour"
    assert notes == "Ink: Best at 0.8."


@pytest.mark.parametrize(
    ("inputs", "kind", "words"),
    [
        (
            {"lora_1": WATERCOLOUR, "mode_1": "both"},
            "RequestRejected",
            "mode of row 1 cannot be 'both'",
        ),
    ],
)
def test_lora_that_cannot_work_is_said_at_the_stack(
    stage: Stage, serve: Serve, inputs: dict[str, Any], kind: str, words: str
) -> None:
    outcome = run(stage.host, asking(serve(), **inputs), "stack", "loras")
    assert (outcome.node_id, outcome.exception_type) == ("stack", f"drawbridge.{kind}")
    assert outcome.exception_message is not None
    assert re.search(words, outcome.exception_message, re.DOTALL), outcome.exception_message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("watercolor", "has no LoRA watercolor. The picture is made without. Did you mean"),
        (UNSPECIFIED_MODEL, "no specification of it, and would leave it out."),
    ],
)
def test_lora_that_the_server_lacks_is_left_out_with_a_note(
    stage: Stage, serve: Serve, name: str, words: str
) -> None:
    PromptServer.instance.texts.clear()
    prompt = asking(serve(), lora_1=name, lora_2=WATERCOLOUR)
    loras, triggers, _ = results(run(stage.host, prompt, "stack", "loras"))
    assert ([lora.file for lora in loras], triggers) == ([WATERCOLOUR], "watercolour")
    [note] = [words for node, words in PromptServer.instance.texts if node == "stack"]
    assert words in note


def test_lora_of_another_version_is_left_out_with_a_note(stage: Stage, serve: Serve) -> None:
    PromptServer.instance.texts.clear()
    prompt = asking(serve(), lora_1="Gouache", lora_2=WATERCOLOUR)
    loras, triggers, _ = results(run(stage.host, prompt, "stack", "loras"))
    assert [lora.file for lora in loras] == [WATERCOLOUR]
    assert triggers == "watercolour"
    [note] = [words for node, words in PromptServer.instance.texts if node == "stack"]
    assert "is for flux1, the model for v1: it is left out." in note


def test_lora_of_a_refiner_is_let_through(stage: Stage, serve: Serve) -> None:
    prompt = asking(serve(), "alpine_half_1b_q6p_q8p.ckpt", lora_1="Linocut XL", mode_1="refiner")
    [lora] = results(run(stage.host, prompt, "stack", "loras"))[0]
    assert lora == LoRA("linocut_xl_lora_f16.ckpt", 0.6, LoRAMode.REFINER)


def test_silent_server_is_asked_for_the_files_only(stage: Stage, serve: Serve) -> None:
    emulator = serve(model_browser=False)
    prompt = asking(emulator, lora_1=WATERCOLOUR)
    prompt["model"]["inputs"]["version"] = "v1"
    loras, triggers, _ = results(run(stage.host, prompt, "stack", "loras"))
    assert (loras, triggers) == ((LoRA(WATERCOLOUR),), "")
    prompt["stack"]["inputs"]["lora_2"] = "gone.ckpt"
    PromptServer.instance.texts.clear()
    loras, _, _ = results(run(stage.host, prompt, "stack", "loras"))
    assert loras == (LoRA(WATERCOLOUR),)
    [note] = [words for node, words in PromptServer.instance.texts if node == "stack"]
    assert "has no LoRA gone.ckpt. The picture is made without." in note
