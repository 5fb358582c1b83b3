"""A picture of the app gives the page its settings and its prompts."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from drawbridge.client.configuration.fields import GenerationConfig, LoRA
from drawbridge.client.configuration.picture_metadata import XMP_KEYWORD, Metadata, describe
from drawbridge.facts.samplers import Sampler

Ask = Callable[..., Awaitable[Any]]
CONFIG = GenerationConfig(
    model="sd_v1.5_f16.ckpt",
    start_width=768,
    steps=11,
    seed=5,
    sampler=Sampler.EULER_A_TRAILING,
    sharpness=2,
    loras=(LoRA("ink.ckpt", 0.5),),
)


def picture(told: Metadata) -> str:
    info, file = PngInfo(), io.BytesIO()
    info.add_itxt(XMP_KEYWORD, told.xmp())
    Image.new("RGB", (2, 2)).save(file, "PNG", pnginfo=info)
    return base64.b64encode(file.getvalue()).decode()


async def test_settings_and_prompts_of_a_picture_are_read(ask: Ask) -> None:
    told = describe(CONFIG, "a lake, 夜", "fog")
    found = await ask("configuration/picture", data=picture(told), version="")
    plain = await ask("configuration/read", text=found["text"], version="")
    assert {key: found[key] for key in plain if key != "warnings"} == {
        key: plain[key] for key in plain if key != "warnings"
    }
    assert found["prompts"] == {"prompt": "a lake, 夜", "negative_prompt": "fog"}
    assert (found["widgets"]["steps"], found["model"]) == (11, "sd_v1.5_f16.ckpt")
    assert json.loads(found["rest_text"]) == {"sharpness": 2}
    assert [lora["file"] for lora in found["loras"]] == ["ink.ckpt"]
    assert found["warnings"] == []
    assert "not taken over" in plain["warnings"][0]  # where a text alone is pasted


async def test_picture_of_an_older_app_is_read_by_its_words(ask: Ask) -> None:
    comment = {key: one for key, one in describe(CONFIG, "a lake").comment.items() if key != "v2"}
    found = await ask("configuration/picture", data=picture(Metadata("", comment)), version="")
    assert found["widgets"]["sampler"] == Sampler.EULER_A_TRAILING.label
    assert found["widgets"]["width"] == 768
    assert found["prompts"] == {"prompt": "a lake", "negative_prompt": ""}  # there was none


async def test_picture_that_tells_nothing_is_said(ask: Ask) -> None:
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG")
    for data in (base64.b64encode(file.getvalue()).decode(), "no base64!", ""):
        answer = await ask("configuration/picture", data=data)
        assert answer["error"]["problem"] == "The picture does not tell how it was made."
