"""LoRAs, controls and moodboards of the command line, as the server sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from drawbridge.client.configuration.enums import ControlMode, LoRAMode
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.entries import CONTROLS, LORAS
from drawbridge.emulator.stock.models import MODELS

Serve = Callable[..., Emulator]
Run = Callable[..., Any]
V1 = next(m for m in MODELS if m["version"] == "v1" and "modifier" not in m)
EDIT = next(m for m in MODELS if m.get("modifier") == "kontext")
SMALL = ("--prompt", "a lake", "--width", 192, "--height", 128, "--steps", 4)
LORA = next(one for one in LORAS if one["version"] == "v1")


def control(kind: str) -> dict[str, Any]:
    return next(
        dict(one)
        for one in CONTROLS
        if one["version"] == "v1" and one.get("modifier") == kind and one["type"] == "controlnet"
    )


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.png"
    drawn = Image.new("RGB", (192, 128), "black")
    drawn.paste("white", (20, 20, 60, 100))
    drawn.save(path)
    return path


@pytest.fixture
def generate(serve: Serve, run: Run, tmp_path: Path) -> Callable[..., Any]:
    """Generate strictly, with Stable Diffusion 1; return the request, or how the command ended."""

    def call(*options: object, model: str = str(V1["file"])) -> Any:
        emulator = serve(strict=True)
        done = run(
            *(emulator, "generate", "--model", model, *SMALL, *options),
            *("-o", tmp_path / "out" / "o.png"),
        )
        if done.code:
            return done
        found: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
        return found[0]["request"]

    (tmp_path / "out").mkdir()
    return call


def test_loras_have_weight_and_mode(generate: Callable[..., Any]) -> None:
    request = generate("--lora", LORA["name"], -0.5, "refiner", "--lora", LORA["file"])
    told = request["configuration"]["loras"]
    assert [one["file"] for one in told] == [LORA["file"]] * 2
    assert [one["weight"] for one in told] == pytest.approx([-0.5, 0.6])
    assert told[0]["mode"] == LoRAMode.REFINER
    assert request["override"]["loras"] == [LORA["file"]]


def test_a_control_with_its_picture_and_all_that_it_takes(
    generate: Callable[..., Any], picture: Path
) -> None:
    pose = control("pose")
    request = generate(
        *("--control", pose["name"], f"image={picture}", "weight=0.8", "start=0.1", "end=0.5"),
        *("mode=control", "pooling=no", "no_prompt=yes", "down=2", "blocks=a, b"),
    )
    [told] = request["configuration"]["controls"]
    assert told["file"] == pose["file"]
    assert (told["weight"], told["guidance_start"]) == pytest.approx((0.8, 0.1))
    assert (told["guidance_end"], told["control_mode"]) == (0.5, ControlMode.CONTROL)
    assert (told["global_average_pooling"], told["no_prompt"]) == (False, True)
    assert (told["down_sampling_rate"], told["target_blocks"]) == (2, ["a", "b"])
    assert [hint["type"] for hint in request["hints"]] == ["pose"]


def test_a_control_without_a_picture_reads_the_image(
    generate: Callable[..., Any], picture: Path
) -> None:
    canny = control("canny")
    request = generate("--control", canny["file"], "--image", picture)
    assert [one["file"] for one in request["configuration"]["controls"]] == [canny["file"]]
    assert not request["hints"]


def test_a_control_of_the_configuration_gets_its_picture(
    generate: Callable[..., Any], picture: Path, tmp_path: Path
) -> None:
    depth = control("depth")
    path = tmp_path / "configuration.json"
    entry = {"file": depth["file"], "weight": 0.7, "guidanceEnd": 0.6}
    path.write_text(json.dumps({"controls": [entry]}), encoding="utf-8")
    without = generate("--configuration", path)
    assert (without["configuration"].get("controls") or [], without["hints"]) == ([], [])
    request = generate(
        *("--configuration", path, "--control", depth["name"], f"image={picture}", "weight=0.9"),
    )
    [told] = request["configuration"]["controls"]
    assert (told["weight"], told["guidance_end"]) == pytest.approx((0.9, 0.6))
    assert [hint["type"] for hint in request["hints"]] == ["depth"]


def test_a_moodboard_for_an_edit_model_keeps_its_order(
    generate: Callable[..., Any], picture: Path
) -> None:
    request = generate(
        *("--moodboard", picture, "--moodboard", picture, 0.5), model=str(EDIT["file"])
    )
    [hint] = request["hints"]
    assert hint["type"] == "shuffle"
    assert [one["weight"] for one in hint["tensors"]] == [1, 0.5]


def test_a_moodboard_for_a_control(generate: Callable[..., Any], picture: Path) -> None:
    adapter = next(one for one in CONTROLS if str(one["type"]).startswith("ipadapter"))
    model = next(m for m in MODELS if m["version"] == adapter["version"] and "modifier" not in m)
    request = generate(
        *("--moodboard", picture, "--moodboard-control", adapter["name"], 0.7),
        model=str(model["file"]),
    )
    [told] = request["configuration"]["controls"]
    assert told["file"] == adapter["file"]
    assert told["weight"] == pytest.approx(0.7)
    assert [hint["type"] for hint in request["hints"]] == ["shuffle"]


def test_a_lora_that_the_server_does_not_know_comes_with_its_specification(
    generate: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "custom_lora.json"
    path.write_text(json.dumps({**LORA, "name": "Mine"}), encoding="utf-8")
    request = generate("--lora", "Mine", "--lora-specification", path)
    assert [one["file"] for one in request["configuration"]["loras"]] == [LORA["file"]]


def test_a_lora_that_the_server_lacks_is_left_out(generate: Callable[..., Any]) -> None:
    request = generate("--lora", "absent", "--lora", LORA["file"])
    assert [one["file"] for one in request["configuration"]["loras"]] == [LORA["file"]]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--lora", LORA["file"], "strong"), 2, "strong is no number"),
        (("--lora", LORA["file"], 1, "half"), 2, "there is no half"),
        (("--lora", LORA["file"], 1, "all", "x"), 2, "too many words"),
        (("--control", "x", "wait=1"), 2, "wait=1 is not understood"),
        (("--control", "x", "kind=smell"), 2, "no kind of picture smell"),
        (("--control", "x", "pooling=perhaps"), 2, "neither yes nor no"),
        (("--control", "x", "image=absent.png"), 2, "no file absent.png"),
        (("--control", "-", "kind=depth"), 2, "needs its kind and its image"),
        (("--moodboard", "absent.png"), 2, "no file absent.png"),
        (("--moodboard-control", "x"), 2, "without a picture"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    generate: Callable[..., Any], options: tuple[object, ...], code: int, words: str
) -> None:
    done = generate(*options)
    assert done.code == code, done.err
    assert words in done.err
