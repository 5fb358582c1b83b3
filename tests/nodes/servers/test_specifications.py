"""LoRAs and controls that a server has and does not know: a person says what they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from server import PromptServer
from standin.graph_nodes import Paint, board, hint, paint, run, stack
from standin.outcomes import results
from standin.stage import Stage, graph

from drawbridge.client.catalog.lookup import beside
from drawbridge.client.catalog.records import Catalog, LoRASpec
from drawbridge.client.configuration.fields import LoRA
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes.control import ControlNetHint, Moodboard
from drawbridge.nodes.lora import LoRAStack
from drawbridge.nodes.records import SpecifiedLoRA

Serve = Callable[..., Emulator]
V1 = "sd_v1.5_f16.ckpt"
WATERCOLOUR = "watercolour_v1_lora_f16.ckpt"
INK = {"name": "Ink", "file": "ink.ckpt", "prefix": "ink wash ", "version": "v1"}
WASH = {"name": "Wash", "file": "wash.ckpt", "prefix": "", "version": "v1"}
LINES = {
    **{"name": "My lines", "file": "lines.ckpt", "version": "v1", "type": "controlnet"},
    **{"modifier": "lineart", "global_average_pooling": False},
}
ADAPTER = {
    **{"name": "My adapter", "file": "adapter.ckpt", "version": "v1", "type": "ipadapterplus"},
    **{"global_average_pooling": False, "image_encoder": "eyes.ckpt"},
}


@pytest.fixture
def there(tmp_path: Path) -> Path:
    """Return a server's folder with files that it does not know."""
    folder = tmp_path / "there"
    folder.mkdir()
    for spec in (INK, WASH, LINES, ADAPTER):
        (folder / str(spec["file"])).write_bytes(b"weights")
    return folder


def generation(emulator: Emulator, **nodes: dict[str, Any]) -> dict[str, Any]:
    """Return a graph with further nodes, of which `loras` and `controls` go into Generate."""
    prompt = {**graph(emulator.port, model=V1), "paint": paint(), **nodes}
    for socket in ("loras", "controls"):
        if socket in nodes:
            prompt["generate"]["inputs"][socket] = [socket, 0]
    prompt["model"]["inputs"]["version"] = "v1"
    return prompt


def sent(emulator: Emulator) -> list[Any]:
    calls = emulator.journal.events("call", rpc="GenerateImage")
    return [call["request"] for call in calls]


@pytest.fixture
def stage(stage: Stage) -> Stage:
    stage.host.classes["Paint"] = Paint
    return stage


@pytest.mark.parametrize("model_browser", [True, False])
@pytest.mark.parametrize("told", ["ink.ckpt", "INK"])
def test_lora_generates_with_its_specification(
    stage: Stage, serve: Serve, there: Path, told: str, model_browser: bool
) -> None:
    emulator = serve(models=there, stock=True, strict=True, model_browser=model_browser)
    row = stack(lora_1=told, weight_1=0.8, specification=json.dumps([WASH, INK]))
    outcome = stage.host.run(generation(emulator, loras=row))
    assert outcome.status == "success", outcome.exception_message
    [request] = sent(emulator)
    [lora] = request["configuration"]["loras"]
    assert (lora["file"], request["override"]["loras"]) == ("ink.ckpt", ["ink.ckpt"])


@pytest.mark.parametrize("row", [{"lora_1": "ink.ckpt", "weight_1": 0}, {"lora_1": WATERCOLOUR}])
def test_lora_that_is_not_used_does_not_travel(
    stage: Stage, serve: Serve, there: Path, row: dict[str, Any]
) -> None:
    emulator = serve(models=there, stock=True, strict=True)
    loras = stack(**row, lora_2="Ink", weight_2=0, specification=json.dumps(INK))
    outcome = stage.host.run(generation(emulator, loras=loras))
    assert outcome.status == "success", outcome.exception_message
    [request] = sent(emulator)
    assert request["override"]["loras"] == [WATERCOLOUR] * (row["lora_1"] == WATERCOLOUR)


def test_stack_tells_words_and_notes_of_a_specification(
    stage: Stage, serve: Serve, there: Path
) -> None:
    prompt = generation(serve(models=there, stock=True))
    told = json.dumps({**INK, "note": "Best at 0.8."}, indent=1)
    prompt["before"] = stack(lora_1="Ink", mode_1="base", specification=told)
    prompt["stack"] = stack(model=["model", 0], loras=["before", 0], lora_1=WATERCOLOUR)
    loras, triggers, notes = results(run(stage.host, prompt, "stack", "loras"))
    assert [lora.file for lora in loras] == ["ink.ckpt", WATERCOLOUR]
    assert isinstance(loras[0], SpecifiedLoRA)
    assert json.loads(loras[0].specification)["note"] == "Best at 0.8."
    assert (triggers, notes) == ("ink wash, watercolour", "Ink: Best at 0.8.")


def test_specification_counts_for_loras_from_before(stage: Stage) -> None:
    prompt = {
        "before": stack(lora_1="Ink"),
        "stack": stack(loras=["before", 0], specification=json.dumps(INK)),
    }
    [lora] = results(run(stage.host, prompt, "stack", "loras"))[0]
    assert (lora.file, lora.weight) == ("ink.ckpt", LoRA("").weight)


@pytest.mark.parametrize(
    ("change", "row", "kind", "words"),
    [
        ({"alternative_decoder": "vae.ckpt"}, "Ink", "ModelUnavailable", "lacks vae.ckpt, which"),
        ({}, WATERCOLOUR, "RequestRejected", "that of ink.ckpt, which no row names"),
    ],
)
@pytest.mark.parametrize("checked", [True, False])
def test_lora_whose_specification_does_not_fit_is_said(
    stage: Stage,
    serve: Serve,
    there: Path,
    change: dict[str, Any],
    row: str,
    kind: str,
    words: str,
    checked: bool,
) -> None:
    emulator = serve(models=there, stock=True)
    loras = stack(lora_1=row, specification=json.dumps({**INK, **change}))
    if checked:
        loras["inputs"]["model"] = ["model", 0]
    outcome = stage.host.run(generation(emulator, loras=loras))
    at_stack = checked or "no row" in words
    assert outcome.node_id == ("loras" if at_stack else "generate")
    assert outcome.exception_type == f"drawbridge.{kind}"
    assert words in str(outcome.exception_message)
    assert sent(emulator) == []


@pytest.mark.parametrize("checked", [True, False])
def test_lora_whose_file_is_not_there_is_left_out_with_a_note(
    stage: Stage, serve: Serve, there: Path, checked: bool
) -> None:
    emulator = serve(models=there, stock=True)
    loras = stack(lora_1="Ink", specification=json.dumps({**INK, "file": "gone.ckpt"}))
    if checked:
        loras["inputs"]["model"] = ["model", 0]
    PromptServer.instance.texts.clear()
    outcome = stage.host.run(generation(emulator, loras=loras))
    assert outcome.status == "success", outcome.exception_message
    node, note = next(told for told in PromptServer.instance.texts if "gone.ckpt" in told[1])
    assert node == ("loras" if checked else "generate")
    assert "has no LoRA gone.ckpt. The picture is made without. Bring it there" in note
    assert sent(emulator)[0]["configuration"]["loras"] == []


def test_control_generates_with_its_specification(stage: Stage, serve: Serve, there: Path) -> None:
    emulator = serve(models=there, stock=True, strict=True)
    told = json.dumps(LINES)
    hinted = hint(
        control="my LINES", kind="lineart", image=["paint", 0], specification=json.dumps([LINES])
    )
    outcome = stage.host.run(generation(emulator, controls=hinted))
    assert outcome.status == "success", outcome.exception_message
    [request] = sent(emulator)
    [control] = request["configuration"]["controls"]
    assert (control["file"], request["override"]["controlNets"]) == ("lines.ckpt", ["lines.ckpt"])
    hinted["inputs"] |= {"weight": 0.0, "specification": told}
    outcome = stage.host.run(generation(emulator, controls=hinted))
    assert outcome.status == "success", outcome.exception_message
    assert sent(emulator)[1]["override"]["controlNets"] == []


def test_moodboard_reads_with_a_control_that_is_specified(
    stage: Stage, serve: Serve, there: Path
) -> None:
    emulator = serve(models=there, stock=True, strict=True)
    pictures = board(
        control="adapter.ckpt", image_1=["paint", 0], image_2=["paint", 0], weight_2=0.5
    )
    pictures["inputs"]["specification"] = json.dumps(ADAPTER)
    prompt = generation(emulator, controls=pictures)
    outcome = stage.host.run(prompt)
    assert (outcome.node_id, outcome.exception_type) == ("generate", "drawbridge.ModelUnavailable")
    assert "lacks eyes.ckpt, which the specification of My adapter" in str(
        outcome.exception_message
    )
    (there / "eyes.ckpt").write_bytes(b"weights")
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", outcome.exception_message
    [request] = sent(emulator)
    assert request["override"]["controlNets"] == ["adapter.ckpt"]
    assert [len(one["tensors"]) for one in request["hints"]] == [2]


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (hint(control="c.ckpt", specification=json.dumps(LINES)), "not of c.ckpt"),
        (hint(control="", specification=json.dumps(LINES)), "not of no control"),
        (
            board(control="lines", image_1=["paint", 0], specification=json.dumps(ADAPTER)),
            "that of adapter.ckpt, not of lines",
        ),
    ],
)
def test_specification_of_another_control_is_refused(
    stage: Stage, node: dict[str, Any], words: str
) -> None:
    outcome = run(stage.host, {"paint": paint(), "one": node}, "one", "controls")
    assert (outcome.node_id, outcome.exception_type) == ("one", "drawbridge.RequestRejected")
    assert words in str(outcome.exception_message)


def test_lora_of_another_version_is_left_out_and_said(
    stage: Stage, serve: Serve, there: Path
) -> None:
    emulator = serve(models=there, stock=True, strict=True)
    told = json.dumps({**INK, "version": "flux1"})
    outcome = stage.host.run(generation(emulator, loras=stack(lora_1="Ink", specification=told)))
    assert outcome.status == "success", outcome.exception_message
    assert sent(emulator)[0]["configuration"]["loras"] == []
    assert any("ink.ckpt is for flux1" in words for _, words in PromptServer.instance.texts)


def test_control_of_another_version_is_left_out_and_said(
    stage: Stage, serve: Serve, there: Path
) -> None:
    emulator = serve(models=there, stock=True, strict=True)
    told = json.dumps({**LINES, "version": "sdxl_base_v0.9"})
    node = hint(control="lines.ckpt", kind="lineart", image=["paint", 0], specification=told)
    outcome = stage.host.run(generation(emulator, controls=node))
    assert outcome.status == "success", outcome.exception_message
    assert sent(emulator)[0]["configuration"]["controls"] == []
    told = [words for _, words in PromptServer.instance.texts]
    assert any("lines.ckpt is for sdxl_base_v0.9" in words for words in told)


@pytest.mark.parametrize("node", [LoRAStack, ControlNetHint, Moodboard])
def test_specification_of_no_use_is_said_at_its_field(node: Any) -> None:
    last = node.GET_SCHEMA().inputs[-1]
    assert (last.id, last.optional) == ("specification", True)
    assert not last.as_dict().get("multiline")
    for text in (None, "", " "):
        assert node.validate_inputs(text) is True
    assert "is not JSON" in node.validate_inputs("{")
    assert "lacks " in node.validate_inputs('{"name": "x"}')


def test_what_a_person_says_overrules_a_list_and_takes_no_names() -> None:
    listed = (LoRASpec("a.ckpt", "A", "v1"), LoRASpec("b.ckpt", "B", "v1"))
    said = (LoRASpec("b.ckpt", "A", "flux1"),)
    found = beside(Catalog(loras=said), Catalog(loras=listed, complete=False))
    assert found.loras == (listed[0], *said)
    assert not found.complete
