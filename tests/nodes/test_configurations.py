"""Configurations as people bring them, each kind by the nodes, the page and the command line.

What is sent, how many pictures come and what a person is told must be the same by all three.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from server import PromptServer
from standin.stage import Stage, graph

from drawbridge.cli.main import main
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
Ask = Callable[..., Awaitable[Any]]
SD, XL, FLUX = "sd_v1.5_f16.ckpt", "sd_xl_base_1.0_q6p_q8p.ckpt", "fjord_1_dev_q8p.ckpt"
WAN, LTX = "willow_v2.1_1.3b_480p_f16.ckpt", "ltx_2_19b_distilled_q8p.ckpt"
CANNY = "controlnet_canny_1.x_v1.1_f16.ckpt"
WATERCOLOUR = "watercolour_v1_lora_f16.ckpt"


@dataclass(frozen=True)
class Kind:
    """A kind of configuration: its text (without sizes small ones are added), what the server gets
    of it, what is said where it is read, and what where it is generated.
    """

    name: str
    text: str
    model: str = SD
    sent: dict[str, Any] = field(default_factory=dict)
    read: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()
    pictures: int = 1
    pasted: tuple[str, ...] = ()  # what is said where it becomes widgets


def kind(name: str, said: dict[str, Any], model: str = SD, **more: Any) -> Kind:
    return Kind(name, json.dumps({"width": 128, "height": 128, "steps": 2, **said}), model, **more)


KINDS = [
    kind("batch count", {"seed": 4294967295, "batchCount": 3}, pictures=3),
    kind("colours of no image", {"colorCalibration": "lab"}, noted=("color_calibration",)),
    Kind(
        "a key twice",
        '{"width": 256, "height": 256, "steps": 2, "hiresFix": false, "hiresFix": true,'
        ' "hiresFixWidth": 128, "hiresFixHeight": 128}',
        sent={"hires_fix": True, "hires_fix_start_width": 2},
        read=("hiresFix more than once; the last one counts",),
    ),
    kind(
        "hires fix that is not smaller",
        {"hiresFix": True, "hiresFixWidth": 128, "hiresFixHeight": 64},
        sent={"hires_fix": False},
        noted=("first pass, 128 x 64, is not smaller",),
    ),
    kind(
        "HTTP API with a sampler",
        {"guidance_scale": 9, "sampler": "DPM++ 2M Karras", "seed_mode": "Torch CPU Compatible"},
        sent={"guidance_scale": 9, "sampler": 0, "seed_mode": 1},
    ),
    kind(
        "HTTP API without a sampler",
        {"guidance_scale": 9, "seed_mode": "Legacy", "clip_skip": 2, "sharpness": 3},
        sent={"guidance_scale": 9, "seed_mode": 0, "clip_skip": 2, "sharpness": 3},
    ),
    kind(
        "a word of inputOverride",
        {"controls": [{"file": CANNY, "weight": 1, "inputOverride": "normal bae"}]},
        noted=("control controlnet_canny.* has no picture, and is left out",),
        sent={"controls": []},
    ),
    kind("LoRA's mode as a number", {"loras": [{"file": WATERCOLOUR, "weight": 1, "mode": 1}]}),
    Kind(
        "picture without v2",
        json.dumps(
            {
                **{"c": "a bridge", "uc": "", "model": SD, "steps": 3, "scale": 5, "seed": 5},
                **{"sampler": "Euler A Trailing", "size": "128x192", "seed_mode": "Scale Alike"},
                **{"strength": 1, "lora": []},
            }
        ),
        sent={"steps": 3, "sampler": 10, "seed": 5, "start_width": 2, "start_height": 3},
        read=(r"prompts of the text \(c\) are not taken over",),
    ),
    Kind(
        "picture whose v2 says another",
        json.dumps({"c": "", "scale": 5, "steps": 3, "V2": '{"steps": 2, "guidanceScale": 5}'}),
        sent={"steps": 2, "guidance_scale": 5},
        read=("says steps also beside `V2`, differently; what is in it counts",),
    ),
    Kind(
        "row of the app's list of presets, from a chat",
        "```json\n"
        + json.dumps({"name": "a", "negative": "fog", "configuration": {"steps": 2, "width": 128}})
        + "\n```",
        sent={"steps": 2, "start_width": 2},
        read=(r"prompts of the text \(negative\) are not taken over",),
    ),
    kind(
        "more frames than the app offers",
        {"model": LTX, "width": 64, "height": 64, "sampler": 19, "shift": 5, "numFrames": 209},
        LTX,
        sent={"num_frames": 209, "shift": 5},
        noted=("num_frames 209 is beyond what the app offers, 1 to 201",),
        pictures=209,
        pasted=("width cannot be 64", "height cannot be 64"),
    ),
    kind(
        "frames that are not whole",
        {"model": WAN, "sampler": 16, "numFrames": 8},
        WAN,
        sent={"num_frames": 8},
        noted=("Of 8 frames 5 come",),
        pictures=5,
    ),
    kind("shift 12", {"model": WAN, "sampler": 16, "shift": 12, "numFrames": 5}, WAN, pictures=5),
    kind(
        "shift 25.28",
        {"model": WAN, "sampler": 16, "shift": 25.28, "numFrames": 1},
        WAN,
        noted=("shift 25.28 is beyond what the app offers, 0.1 to 12",),
    ),
    kind(
        "TeaCache to the third last",
        {"model": FLUX, "sampler": 10, "teaCache": True, "teaCacheEnd": -3},
        FLUX,
        sent={"tea_cache": True, "tea_cache_end": -3},
        noted=("tea_cache_end -3 is beyond",),
    ),
    kind(
        "mask blur and sharpness",
        {"maskBlur": 50, "sharpness": 200},
        sent={"mask_blur": 50, "sharpness": 200},
        noted=("mask_blur 50 is beyond", "sharpness 200 is beyond"),
    ),
    kind(
        "refiner of another version",
        {"refinerModel": XL, "refinerStart": 0.8},
        sent={"refiner_model": None},
        noted=("refiner sd_xl_base.* is for sdxl_base_v0.9, the model for v1: it is left out",),
    ),
    kind(
        "refiner that is not there",
        {"refinerModel": "gone.ckpt", "refinerStart": 0.8},
        sent={"refiner_model": None},
        noted=("no refiner gone.ckpt. The picture is made without",),
    ),
    kind("LCM with FLUX", {"sampler": 6}, FLUX, sent={"sampler": 6}, noted=("LCM is not made",)),
    kind(
        "SDXL sizes of a large canvas",
        {"originalImageWidth": 2560, "originalImageHeight": 1408},
        XL,
        sent={"original_image_width": 2560, "original_image_height": 1408},
        noted=("original_image_width 2560 is beyond",),
    ),
    kind("no seed", {"seed": None}, read=(r"seed null asks for a random one; \d+ was drawn",)),
    kind("seed -1", {"seed": -1}, read=(r"seed -1 asks for a random one; \d+ was drawn",)),
    kind(
        "words and values that nobody knows",
        {"sampler": "Heun", "seedMode": "mine", "maskBlur": "much", "shiftForSmell": 3},
        sent={"seed_mode": 2},
        read=(
            'sampler is "Heun", not a sampler that is known. It was passed over',
            'seedMode "mine" is not known; Scale Alike was taken',
            'maskBlur is "much", not a number. It was passed over',
            "without effect, but kept for the export: shiftForSmell",
        ),
    ),
]


def requests(emulator: Emulator) -> list[dict[str, Any]]:
    calls: list[Any] = emulator.journal.events("call", rpc="GenerateImage")
    return [call["request"] for call in calls]


@pytest.mark.parametrize("case", KINDS, ids=lambda case: case.name)
def test_nodes_and_command_line_generate_it_and_say_the_same(
    serve: Serve, stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: Kind
) -> None:
    emulator, path = serve(), tmp_path / "brought.json"
    path.write_text(case.text, encoding="utf-8")
    where = ("--port", emulator.port, "--transport", "plaintext", "-o", tmp_path / "out.png")
    words = ("generate", "--configuration", path, "--prompt", "a bridge", "--model", case.model)
    assert main([str(one) for one in (*words, *where, "--json")]) == 0
    told = json.loads(capsys.readouterr().out)
    by_command_line = requests(emulator)
    assert len(told["files"]) == case.pictures

    imported = {"configuration": case.text, "use_seed": True}
    prompt = graph(emulator.port, model=case.model, settings=["import", 0], loras=["import", 1])
    prompt["generate"]["inputs"]["controls"] = ["import", 2]
    node = {"class_type": "Drawbridge_ImportConfiguration", "inputs": imported}
    prompt = {"import": node, **prompt}
    PromptServer.instance.texts.clear()
    outcome = stage.host.run(prompt)
    assert outcome.status == "success", (outcome.exception_message, outcome.node_errors)
    by_nodes = requests(emulator)[len(by_command_line) :]
    assert len(stage.pictures) == case.pictures

    for sent in (by_command_line, by_nodes):
        for request in sent:
            assert {key: request["configuration"][key] for key in case.sent} == case.sent
        seeds = [request["configuration"]["seed"] for request in sent]
        assert seeds == [(seeds[0] + place) % (1 << 32) for place in range(len(seeds))]
    assert len(by_command_line) == len(by_nodes)
    shown = dict(PromptServer.instance.texts)  # the last words on each node
    for wanted, heard in (
        (case.read, shown["import"]),
        (case.noted, shown["generate"]),
        ((*case.read, *case.noted), "\n".join(told.get("notes", ()))),
    ):
        for note in wanted:
            assert re.search(note, heard), heard
    if not case.read:
        assert shown["import"] == "Taken over whole."
    if not case.noted:
        assert shown["generate"] == "Done"
        assert len(told.get("notes", ())) == len(case.read)


@pytest.mark.parametrize("case", KINDS, ids=lambda case: case.name)
async def test_the_page_reads_it_and_says_the_same(ask: Ask, case: Kind) -> None:
    told = await ask("configuration/read", text=case.text, version="")
    assert "error" not in told
    for note, warning in zip((*case.read, *case.pasted), told["warnings"], strict=True):
        assert re.search(note, warning)
