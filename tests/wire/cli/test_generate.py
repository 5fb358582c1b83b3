"""Pictures from the command line: what is sent, what is written, what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.advice import advise
from drawbridge.client.generation.events import Picture
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.server_fields import Transport
from drawbridge.codec import image
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.entries import LORAS
from drawbridge.emulator.stock.models import MODELS
from drawbridge.facts.samplers import Sampler

Serve = Callable[..., Emulator]
Run = Callable[..., Any]
V1 = next(m for m in MODELS if m["version"] == "v1" and "modifier" not in m)
FILE = str(V1["file"])
SMALL = ("--model", FILE, "--prompt", "a lake", "--width", 192, "--height", 128, "--steps", 4)


def sent(emulator: Emulator) -> dict[str, Any]:
    calls: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
    [call] = calls
    return call["request"]


def through_the_codec(emulator: Emulator, config: GenerationConfig) -> np.ndarray:
    """Return what Generate gives for a request and ComfyUI saves: uint8 [height, width, 3]."""

    async def generate() -> np.ndarray:
        endpoint = Endpoint("127.0.0.1", emulator.port, Transport.PLAINTEXT)
        async with DrawThingsClient(endpoint) as client:
            request = GenerationRequest("a lake", config)
            async with contextlib.aclosing(client.generate(request)) as events:
                async for event in events:
                    if isinstance(event, Picture):
                        array = image.from_wire(event.array)[0].numpy()
                        return np.clip(255.0 * array, 0, 255).astype(np.uint8)
        raise AssertionError("no picture")

    return asyncio.run(generate())


def test_png_has_the_pixels_that_the_nodes_give(serve: Serve, run: Run, tmp_path: Path) -> None:
    emulator, out = serve(strict=True), tmp_path / "lake.png"
    done = run(emulator, "generate", *SMALL, "--seed", 7, "-o", out)
    assert (done.code, done.out) == (0, f"{out}\n")
    fields = {**advise(FILE, "v1"), "start_width": 192, "start_height": 128, "steps": 4, "seed": 7}
    expected = through_the_codec(emulator, GenerationConfig(model=FILE, **fields))
    with Image.open(out) as picture:
        assert picture.size == (192, 128)
        np.testing.assert_array_equal(np.asarray(picture), expected)
    assert expected.std() > 5


def test_options_win_over_the_configuration(serve: Serve, run: Run, tmp_path: Path) -> None:
    text = {"model": FILE, "steps": 9, "guidanceScale": 3, "seed": 5, "width": 128, "height": 192}
    path = tmp_path / "configuration.json"
    path.write_text(json.dumps(text), encoding="utf-8")
    emulator = serve(strict=True)
    done = run(
        *(emulator, "generate", "--prompt", "dunes", "--negative-prompt", "people"),
        *("--configuration", path, "--steps", 4, "--sampler", "euler a ays", "--shift", 2),
        *("--batch-size", 2, "-o", tmp_path / "out.png", "--json"),
    )
    assert done.code == 0, done.out
    request = sent(emulator)
    assert (request["prompt"], request["negative_prompt"]) == ("dunes", "people")
    told = request["configuration"]
    assert (told["steps"], told["guidance_scale"], told["seed"]) == (4, 3, 5)
    assert (told["start_width"], told["start_height"], told["shift"]) == (2, 3, 2)
    assert told["sampler"] == Sampler.EULER_A_AYS
    assert done.json["files"] == [str(tmp_path / f"out-{n}.png") for n in (1, 2)]
    assert all(Path(path).is_file() for path in done.json["files"])
    assert (done.json["seed"], done.json["sampler"]) == (5, "Euler A AYS")


def test_a_lora_of_the_configuration_is_found_by_its_name_and_goes_with_its_specification(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    lora = next(one for one in LORAS if one["version"] == "v1")
    path = tmp_path / "configuration.json"
    path.write_text(
        json.dumps({"loras": [{"file": lora["name"], "weight": 0.5}]}), encoding="utf-8"
    )
    emulator = serve(strict=True)
    done = run(*(emulator, "generate", *SMALL, "--configuration", path, "-o", tmp_path / "a.png"))
    assert done.code == 0, done.err
    request = sent(emulator)
    assert [one["file"] for one in request["configuration"]["loras"]] == [lora["file"]]
    assert str(lora["file"]) in json.dumps(request["override"], ensure_ascii=False)


def test_a_seed_is_drawn_and_told(serve: Serve, run: Run, tmp_path: Path) -> None:
    emulator = serve()
    done = run(emulator, "generate", *SMALL, "-o", tmp_path / "a.png", "--json")
    assert done.json["seed"] == sent(emulator)["configuration"]["seed"]


def test_image_and_mask_reach_the_server_and_keep_what_is_black(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    red, half = tmp_path / "red.png", tmp_path / "half.png"
    Image.new("RGB", (192, 128), (200, 30, 40)).save(red)
    mask = Image.new("L", (192, 128), 0)
    mask.paste(255, (96, 0, 192, 128))
    mask.save(half)
    out = tmp_path / "out.png"
    done = run(
        *(serve(strict=True), "generate", *SMALL, "--strength", 0.8),
        *("--image", red, "--mask", half, "-o", out),
    )
    assert done.code == 0, done.err
    with Image.open(out) as picture:
        pixels = np.asarray(picture).astype(int)
    assert np.abs(pixels[:, :60] - [200, 30, 40]).max() <= 2
    assert np.abs(pixels[:, 130:] - [200, 30, 40]).max() > 20


def test_an_image_that_would_not_be_used_is_said(serve: Serve, run: Run, tmp_path: Path) -> None:
    red = tmp_path / "red.png"
    Image.new("RGB", (192, 128), (200, 30, 40)).save(red)
    done = run(serve(), "generate", *SMALL, "--image", red, "-o", tmp_path / "out.png", "--json")
    assert done.code == 0
    assert "at strength 1" in done.json["notes"][0]


def test_progress_goes_to_stderr_line_by_line(serve: Serve, run: Run, tmp_path: Path) -> None:
    done = run(serve(), "generate", *SMALL, "-o", tmp_path / "out.png")
    lines = done.err.splitlines()
    assert any("of 4" in line for line in lines)
    shares = [int(line.split("%")[0]) for line in lines if "%" in line]
    assert shares == sorted(shares)
    assert "\r" not in done.err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--width", 32), 7, "width is 32"),
        (("--steps", 1, "--sampler", "Euler A"), 7, "steps is 1"),
        (("--model", "absent.ckpt"), 6, "no model absent.ckpt"),
        (("--model-version", "flux1"), 7, "is of version v1, not flux1"),
        (("--strength", 0.5), 2, "without an image"),
        (("--image", "absent.png"), 2, "no file absent.png"),
        (("--configuration", "absent.json"), 2, "no file absent.json"),
        (("-o", "picture.jpg"), 2, "not called .png"),
        (("-o", "absent/picture.png"), 2, "no folder absent"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_generated(
    serve: Serve, run: Run, tmp_path: Path, options: tuple[object, ...], code: int, words: str
) -> None:
    emulator = serve()
    done = run(emulator, "generate", *SMALL, "-o", tmp_path / "out.png", *options)
    assert done.code == code
    assert words in done.err.replace("\\", "/")
    assert not list(emulator.journal.events("call", rpc="GenerateImage"))
    assert not list(tmp_path.iterdir())


def test_a_configuration_that_cannot_be_meant_is_refused(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "configuration.json"
    path.write_text(json.dumps({"steps": "many"}), encoding="utf-8")
    done = run(*(serve(), "generate", *SMALL, "--configuration", path, "-o", tmp_path / "out.png"))
    assert done.code == 2
    assert "steps is" in done.err


@pytest.mark.parametrize("model_browser", [True, False], ids=["listed", "silent"])
def test_files_that_the_server_lacks_are_left_out_and_noted(
    serve: Serve, run: Run, tmp_path: Path, model_browser: bool
) -> None:
    emulator, path = serve(model_browser=model_browser), tmp_path / "configuration.json"
    absent = {"controls": [{"file": "lines.ckpt"}], "loras": [{"file": "ink.ckpt"}]}
    absent |= {"upscaler": "up.ckpt", "refinerModel": "fine.ckpt", "steps": 4}
    path.write_text(json.dumps(absent), encoding="utf-8")
    model = [] if model_browser else ["--model-version", "v1"]
    out = tmp_path / "out.png"
    done = run(emulator, "generate", *SMALL, *model, "--configuration", path, "-o", out)
    assert done.code == 0, done.err
    for words in ("LoRA ink.ckpt", "upscaler up.ckpt", "refiner fine.ckpt"):
        assert f"has no {words}. The picture is made without." in done.err
    assert "control lines.ckpt" in done.err
    config = sent(emulator)["configuration"]
    assert (config["loras"], config["controls"]) == ([], [])
    assert (config["upscaler"], config["refiner_model"]) == (None, None)
    assert out.exists()


def test_model_browser_off_wants_the_version(serve: Serve, run: Run, tmp_path: Path) -> None:
    emulator, out = serve(model_browser=False), tmp_path / "out.png"
    unknown = [word if word != V1["file"] else "meadow_v1.5_inpainting_f16.ckpt" for word in SMALL]
    refused = run(emulator, "generate", *unknown, "-o", out)
    assert refused.code == 6
    assert "--model-version" in refused.err
    assert run(emulator, "generate", *unknown, "--model-version", "v1", "-o", out).code == 0


def test_model_browser_off_is_no_matter_for_official_models(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    emulator, out = serve(model_browser=False, strict=True), tmp_path / "out.png"
    assert run(emulator, "generate", *SMALL, "-o", out).code == 0
    [call] = emulator.journal.events("call", rpc="GenerateImage")
    request: Any = call["request"]
    assert request["override"]["models"] == [V1["file"]]
    wrong = run(emulator, "generate", *SMALL, "--model-version", "flux1", "-o", out)
    assert "is of version v1, not flux1" in wrong.err


@pytest.mark.parametrize("fault", ["no-pictures", "nan-pixels", "die-mid-stream"])
def test_a_generation_that_fails_writes_nothing(
    serve: Serve, run: Run, tmp_path: Path, fault: str
) -> None:
    done = run(serve(faults=(fault,)), "generate", *SMALL, "-o", tmp_path / "out.png")
    assert done.code == (3 if fault == "die-mid-stream" else 1)
    assert not list(tmp_path.iterdir())
    assert "Traceback" not in done.err
