"""Graphs with official files, at servers whose model browser is off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from server import PromptServer
from standin.executor import Outcome
from standin.graph_nodes import hint, run
from standin.stage import Stage, graph

from drawbridge.client.catalog import official
from drawbridge.client.configuration.fields import LoRA
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
V1 = "sd_v1.5_f16.ckpt"
LCM = "lcm_sd_v1.5_lora_f16.ckpt"
XL = "lcm_sd_xl_base_1.0_lora_f16.ckpt"
DEV = "flux_1_dev_q8p.ckpt"


@pytest.fixture
def silent(serve: Serve, tmp_path: Path) -> Callable[..., Emulator]:
    """Start a strict server that does not tell, and has some files beside its own."""

    def start(*files: str, **options: Any) -> Emulator:
        folder = tmp_path / "models"
        folder.mkdir()
        for file in files:
            (folder / file).write_bytes(b"weights")
        return serve(
            **{"models": folder, "model_browser": False, "strict": True, "stock": True, **options}
        )

    return start


def sent(emulator: Emulator) -> dict[str, Any]:
    """Return the one request that the server got."""
    [call] = emulator.journal.events("call", rpc="GenerateImage")
    request: Any = call["request"]
    return request


def refused(outcome: Outcome, node: str) -> str:
    assert (outcome.status, outcome.node_id) == ("error", node), outcome.exception_message
    return str(outcome.exception_message)


@pytest.mark.parametrize("name", [V1, "Stable Diffusion v1.5"])
def test_official_model_needs_no_version(
    stage: Stage, silent: Callable[..., Emulator], name: str
) -> None:
    emulator = silent()
    outcome = stage.host.run(graph(emulator.port, model=name))
    assert outcome.status == "success", outcome.exception_message
    assert sent(emulator)["configuration"]["model"] == V1
    assert sent(emulator)["override"]["models"] == [V1]


def test_version_that_is_not_the_official_one_is_said(
    stage: Stage, silent: Callable[..., Emulator]
) -> None:
    outcome = stage.host.run(graph(silent().port, model=V1, version="flux1"))
    assert "is of version v1, not flux1" in refused(outcome, "model")


@pytest.mark.parametrize("model_browser", [False, True])
def test_copied_official_model_generates(
    stage: Stage, silent: Callable[..., Emulator], model_browser: bool
) -> None:
    """A server takes a file without an entry for Stable Diffusion 1, unless it is told."""
    emulator = silent(DEV, model_browser=model_browser)
    outcome = stage.host.run(graph(emulator.port, model="FLUX.1 [dev]"))
    assert outcome.status == "success", outcome.exception_message
    assert sent(emulator)["override"]["models"] == [DEV]


def test_missing_official_model_can_be_downloaded(
    stage: Stage, silent: Callable[..., Emulator]
) -> None:
    words = refused(stage.host.run(graph(silent().port, model=DEV)), "model")
    assert f"no model {DEV}" in words
    assert "Download FLUX.1 [dev]" in words


def stacked(emulator: Emulator, lora: str) -> dict[str, Any]:
    whole = graph(emulator.port, model=V1)
    inputs = {"model": ["model", 0], "lora_1": lora}
    stack = {"class_type": "Drawbridge_LoRAStack", "inputs": inputs}
    whole["generate"]["inputs"]["loras"] = ["stack", 0]
    return {**whole, "stack": stack}


def test_official_lora_is_found_by_name_and_sent(
    stage: Stage, silent: Callable[..., Emulator]
) -> None:
    emulator = silent(LCM)
    outcome = run(stage.host, stacked(emulator, "LCM Stable Diffusion v1.5"), "stack", "loras")
    assert outcome.status == "success", outcome.exception_message
    assert outcome.outputs["stack"][0][0] == (LoRA(LCM),)
    outcome = stage.host.run(stacked(emulator, "LCM Stable Diffusion v1.5"))
    assert outcome.status == "success", outcome.exception_message
    request = sent(emulator)
    assert [lora["file"] for lora in request["configuration"]["loras"]] == [LCM]
    assert request["override"]["loras"] == [LCM]


@pytest.mark.parametrize(
    ("lora", "there", "words"),
    [
        (LCM, (), "Download LCM Stable Diffusion v1.5"),
        ("mine.ckpt", (), "no LoRA mine.ckpt. The picture is made without."),
    ],
)
def test_lora_that_cannot_act_is_left_out_and_said_at_the_stack(
    stage: Stage,
    silent: Callable[..., Emulator],
    lora: str,
    there: tuple[str, ...],
    words: str,
) -> None:
    emulator = silent(*there)
    outcome = stage.host.run(stacked(emulator, lora))
    assert outcome.status == "success", outcome.exception_message
    assert words in " ".join(text for node, text in PromptServer.instance.texts if node == "stack")
    assert sent(emulator)["configuration"]["loras"] == []


def test_official_lora_of_another_version_is_left_out(
    stage: Stage, silent: Callable[..., Emulator]
) -> None:
    emulator = silent(XL)
    outcome = stage.host.run(stacked(emulator, XL))
    assert outcome.status == "success", outcome.exception_message
    assert not sent(emulator)["configuration"]["loras"]


def test_official_control_is_found_by_name_and_sent(
    stage: Stage, silent: Callable[..., Emulator]
) -> None:
    emulator = silent()
    spec = official.catalog().control("controlnet_tile_1.x_v1.1_f16.ckpt")
    assert spec is not None
    inputs = {"model": V1, "controls": ["hint", 0], "picture": torch.zeros(1, 64, 64, 3)}
    prompt = graph(emulator.port, **inputs)
    picture = prompt["generate"]["inputs"].pop("picture")
    prompt["hint"] = hint(control=spec.name, kind="tile", image=picture)
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    request = sent(emulator)
    assert [control["file"] for control in request["configuration"]["controls"]] == [spec.file]
    assert request["override"]["controlNets"] == [spec.file]
