"""LoRA Stack, ControlNet Hint and Moodboard in whole graphs: what arrives and what it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from server import PromptServer
from standin.graph_nodes import board, hint, stack
from standin.stage import Stage, graph

from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
V1 = "sd_v1.5_f16.ckpt"
XL = "sd_xl_base_1.0_q6p_q8p.ckpt"
UNION_XL = "controlnet_union_sd_xl_base_1.0_f16.ckpt"
KONTEXT = "fjord_1_kontext_dev_q6p.ckpt"
SQUARE = torch.zeros(1, 96, 64, 3)
SQUARE[:, 32:64, 16:48] = 1
OUTLINE = SQUARE.clone()
OUTLINE[:, 34:62, 18:46] = 0
NEGATIVE = 1 - OUTLINE
NOISE = torch.rand(1, 192, 128, 3)


def make(stage: Stage, emulator: Emulator, **nodes: Any) -> np.ndarray:
    """Run a graph with further nodes and return its picture, [192, 128, 3], 0 to 255."""
    before = len(stage.pictures)
    outcome = run(stage, emulator, **nodes)
    assert outcome.status == "success", outcome.exception_message
    with Image.open(stage.pictures[before]) as picture:
        return np.asarray(picture, np.float32)


def run(stage: Stage, emulator: Emulator, **nodes: Any) -> Any:
    inputs = {"model": V1, **nodes.pop("inputs", {})}
    for socket, node in (("loras", "stack"), ("controls", "hint")):
        if node in nodes:
            inputs[socket] = [node, 0]
    prompt = graph(emulator.port, picture=nodes.pop("picture", SQUARE), **inputs)
    giver = prompt["generate"]["inputs"].pop("picture")[0]
    for name, node in nodes.items():
        linked = {
            key: [giver, 0] if value == "picture" else value
            for key, value in node["inputs"].items()
        }
        prompt[name] = {**node, "inputs": linked}
    return stage.host.run(prompt)


def configuration(emulator: Emulator) -> dict[str, Any]:
    request: Any = emulator.journal.events("call", rpc="GenerateImage")[-1]["request"]
    return request["configuration"]


def test_stack_reaches_the_server_and_changes_the_picture(stage: Stage, serve: Serve) -> None:
    emulator = serve(strict=True)
    plain = make(stage, emulator)
    chosen = {"lora_1": "Watercolour", "weight_1": 0.75, "mode_1": "base"}
    changed = make(stage, emulator, stack=stack(**chosen))
    [sent] = configuration(emulator)["loras"]
    assert (sent["file"], sent["weight"], sent["mode"]) == ("watercolour_v1_lora_f16.ckpt", 0.75, 1)
    assert not np.array_equal(plain, changed)


@pytest.mark.parametrize(
    ("control", "kind", "shown"),
    [
        ("Canny Edge Map (SD v1.x, ControlNet 1.1)", "canny", OUTLINE),
        ("Scribble (SD v1.x, ControlNet 1.1)", "scribble", OUTLINE),
        ("LineArt (SD v1.x, ControlNet 1.1)", "lineart", OUTLINE),
        ("Depth Map (SD v1.x, ControlNet 1.1)", "depth", SQUARE),
        ("Pose (SD v1.x, ControlNet 1.1)", "pose", OUTLINE),
        ("Tile (SD v1.x, ControlNet 1.1)", "tile", SQUARE),
        ("Color Palette (SD v1.x, T2I Adapter)", "color", SQUARE),
        ("IP Adapter Plus (SD v1.x)", "shuffle", SQUARE),
    ],
)
def test_hint_changes_the_picture(
    stage: Stage, serve: Serve, control: str, kind: str, shown: torch.Tensor
) -> None:
    emulator = serve(strict=True)
    plain = make(stage, emulator)
    node = hint(control=control, kind=kind, image="picture")
    steered = make(stage, emulator, hint=node, picture=shown)
    assert np.abs(steered - plain).mean() > 0.5


@pytest.mark.parametrize(
    ("control", "kind"),
    [
        ("Canny Edge Map (SD v1.x, ControlNet 1.1)", "canny"),
        ("LineArt (SD v1.x, ControlNet 1.1)", "lineart"),
        ("Scribble (SD v1.x, ControlNet 1.1)", "scribble"),
    ],
)
def test_dark_lines_do_what_light_ones_do(
    stage: Stage, serve: Serve, control: str, kind: str
) -> None:
    emulator = serve(strict=True)
    light = hint(control=control, kind=kind, image="picture")
    dark = hint(control=control, kind=kind, image="picture", lines="dark on light")
    first = make(stage, emulator, hint=light, picture=OUTLINE)
    same = make(stage, emulator, hint=dark, picture=NEGATIVE)
    wrong = make(stage, emulator, hint=light, picture=NEGATIVE)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, wrong)


def test_union_control_takes_the_kind_as_its_mode(stage: Stage, serve: Serve) -> None:
    emulator = serve(strict=True)
    node = hint(control="Union (XL)", kind="depth", image="picture", weight=0.5, end=0.75)
    make(stage, emulator, hint=node, inputs={"model": XL})
    [sent] = configuration(emulator)["controls"]
    assert sent["file"] == UNION_XL
    assert (sent["weight"], sent["guidance_end"], sent["input_override"]) == (0.5, 0.75, 2)


def test_moodboard_of_an_edit_model_changes_the_picture(stage: Stage, serve: Serve) -> None:
    emulator = serve(strict=True)
    inputs = {"model": KONTEXT}
    plain = make(stage, emulator, inputs=inputs)
    steered = make(stage, emulator, inputs=inputs, hint=board(image_1="picture"))
    assert np.abs(steered - plain).mean() > 0.5


def test_control_works_on_the_init_image(stage: Stage, serve: Serve) -> None:
    emulator = serve(strict=True)
    node = hint(control="Canny Edge Map (SD v1.x, ControlNet 1.1)", kind="canny")
    make(stage, emulator, hint=node, inputs={"image": NOISE})


@pytest.mark.parametrize(
    ("nodes", "note"),
    [
        ({"stack": stack(lora_1="Gouache")}, "is for flux1, the model for v1"),
        (
            {"hint": hint(control="Union (XL)", image="picture")},
            "is for sdxl_base_v0.9, the model for v1",
        ),
        ({"hint": hint(control="Posse", image="picture")}, "no control Posse. The picture is made"),
        ({"hint": board(control="Posse", image_1="picture")}, "no control Posse. The picture is"),
    ],
    ids=["LoRA", "control", "absent control", "absent control of a moodboard"],
)
def test_file_that_the_server_cannot_use_is_left_out_with_a_note(
    stage: Stage, serve: Serve, nodes: dict[str, Any], note: str
) -> None:
    _is_made_with_a_note(stage, serve(strict=True), note, **nodes)


CANNY = "Canny Edge Map (SD v1.x, ControlNet 1.1)"


@pytest.mark.parametrize(
    ("node", "inputs", "note"),
    [
        (
            hint(control=CANNY, image="picture"),
            {},
            "takes a picture of the kind canny, and the kind pose is not looked at",
        ),
        (board(image_1="picture"), {}, "The moodboard is left out"),
        (
            hint(control=CANNY, kind="canny", image="picture"),
            {"image": NOISE},
            "reads Generate's image, and the canny picture is left out",
        ),
        (hint(control=CANNY, kind="canny"), {}, "has no picture, and is left out"),
    ],
    ids=["kind", "moodboard", "image", "nothing"],
)
def test_picture_that_is_not_read_is_left_out_with_a_note(
    stage: Stage, serve: Serve, node: Any, inputs: dict[str, Any], note: str
) -> None:
    _is_made_with_a_note(stage, serve(strict=True), note, hint=node, inputs=inputs)


def test_imported_control_without_its_picture_is_left_out_and_named(
    stage: Stage, serve: Serve
) -> None:
    told = {"controls": [{"file": UNION_XL, "weight": 1, "inputOverride": "pose"}]}
    imported = {
        "class_type": "Drawbridge_ImportConfiguration",
        "inputs": {"configuration": json.dumps(told), "use_seed": True},
    }
    _is_made_with_a_note(
        *(stage, serve(strict=True), f"The control {UNION_XL} has no picture, and is left out"),
        imported=imported,
        inputs={"model": XL, "controls": ["imported", 2]},
    )


def _is_made_with_a_note(stage: Stage, emulator: Emulator, note: str, **nodes: Any) -> None:
    PromptServer.instance.texts.clear()
    outcome = run(stage, emulator, **nodes)
    assert outcome.status == "success", outcome.exception_message
    assert any(note in words for node, words in PromptServer.instance.texts if node == "generate")
