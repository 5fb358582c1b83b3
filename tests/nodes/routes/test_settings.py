"""What models can do, which settings suit them, and the app's configurations."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from drawbridge.client.configuration import clipboard
from drawbridge.client.configuration.enums import LoRAMode
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.generation.relevance import relevant
from drawbridge.facts import versions
from drawbridge.facts.app_settings import RECOMMENDED
from drawbridge.facts.samplers import Sampler
from drawbridge.facts.versions import VERSIONS
from drawbridge.nodes.generate import Generate
from drawbridge.nodes.generating.widget_fields import FIELDS
from drawbridge.nodes.generating.widgets import Widgets, as_widgets

Ask = Callable[..., Awaitable[Any]]
CASES = json.loads((Path(__file__).parents[2] / "vectors" / "configurations.json").read_text())
INPUTS = {entry.id: entry.as_dict() for entry in Generate.GET_SCHEMA().inputs}


def of(widgets: dict[str, Any]) -> dict[str, Any]:
    """Return what the page says of a Generate."""
    return {"type": "Drawbridge_Generate", "values": widgets}


async def test_versions_are_told(ask: Ask) -> None:
    told = await ask("versions")
    assert told["versions"].keys() == VERSIONS.keys()
    assert told["versions"]["flux1"]["sizes"][1] == {
        **{"label": "1152 x 896 (4:3)", "width": 1152, "height": 896},
    }
    assert told["versions"]["wan_v2.1_14b"]["kind"] == "video"
    assert "Euler A" in told["versions"]["v1"]["samplers"]
    assert "Euler A" not in told["versions"]["flux1"]["samplers"]
    assert told["versions"]["svd_i2v"]["needs_image"] is True
    assert told["versions"]["seedvr2_3b"]["negative_prompt"] is False
    assert told["matters_for"]["stage_2_steps"] == ["wurstchen_v3.0_stage_c"]
    assert told["compatible"]["loras"]["kandinsky2.1"] == ["v1", "kandinsky2.1"]
    assert told["compatible"]["loras"]["flux1"] == ["flux1"]
    assert "sdxl_refiner_v0.9" in told["compatible"]["refiners"]["sdxl_base_v0.9"]
    assert told["compatible"]["refiners"]["v1"] == ["v1"]


async def test_recommended_settings_are_told(ask: Ask) -> None:
    told = await ask("recommended", model="flux_1_dev_q8p.ckpt", version="flux1")
    assert told["widgets"] == {
        **{"width": 1024, "height": 1024, "steps": 28, "guidance": 4.5},
        **{"sampler": "Euler A Trailing", "shift": 0.0},
    }
    assert told["settings"] == {}


async def test_version_of_an_official_file_need_not_be_said(ask: Ask) -> None:
    said = await ask("recommended", model="z_image_turbo_1.0_q8p.ckpt", version="z_image")
    assert said["widgets"]["steps"] == 8
    assert await ask("recommended", model="z_image_turbo_1.0_q8p.ckpt", version="") == said


async def test_nothing_is_recommended_for_what_nobody_knows(ask: Ask) -> None:
    told = await ask("recommended", model="mine.ckpt", version="newer_than_this")
    assert told == {"widgets": {}, "settings": {}}


@pytest.mark.parametrize("row", RECOMMENDED, ids=lambda row: row.files[0])
async def test_recommended_widgets_can_be_set(ask: Ask, row: Any) -> None:
    told = await ask("recommended", model=f"{row.files[0]}.ckpt", version=row.version)
    for name, value in told["widgets"].items():
        entry = INPUTS[name]
        if name == "sampler":
            assert value in entry["options"]
        else:
            assert entry["min"] <= value <= entry["max"]
            assert name not in ("width", "height") or value % 64 == 0
    assert told["settings"].keys() <= GenerationConfig.__dataclass_fields__.keys()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
async def test_the_page_reads_what_every_writer_of_configurations_says(
    ask: Ask, case: dict[str, Any]
) -> None:
    told = await ask("configuration/read", text=case["text"], version="")
    seen: dict[str, Any] = {**told["widgets"], "model": told["model"], "loras": told["loras"]}
    rest = json.loads(told["rest_text"] or "{}")
    for key, value in case["says"].items():
        name = clipboard.KEYS[key]
        widget = next((one for one, (field, _) in FIELDS.items() if field == name), key)
        if name == "sampler":
            assert seen["sampler"] == Sampler(value).label
        elif name == "seed" and value == 4711:
            assert 0 <= seen["seed"] < 1 << 32
        elif widget in seen:
            assert seen[widget] == value
        else:  # left for a node of its own, or as it would be anyway
            default = clipboard.to_object(GenerationConfig())[key]
            assert rest.get(key, default) == value
    for note in case["notes"]:
        assert any(re.search(note.replace("4711", "[0-9]+"), line) for line in told["warnings"])


def test_widgets_are_those_of_generate() -> None:
    for name, (field, allowed) in FIELDS.items():
        entry = INPUTS[name]
        low = -1 if name == "seed" else allowed.least  # a seed below 0 is drawn
        assert (entry["min"], entry["max"]) == (low, allowed.most)
        assert field in GenerationConfig.__dataclass_fields__


async def test_configuration_goes_out_and_comes_back(ask: Ask) -> None:
    widgets = {
        **{"width": 768, "height": 512, "steps": 12, "guidance": 3.5, "seed": 4294967295},
        **{"sampler": "Euler A AYS", "shift": 2.5, "batch_size": 2, "batch_count": 3},
        "strength": 0.7,
    }
    loras = [
        {"file": "ink.ckpt", "weight": 0.8, "mode": "base"},
        {"file": "b.ckpt", "weight": -1.0, "mode": "all"},
    ]
    rows = {"lora_1": "ink.ckpt", "weight_1": 0.8, "mode_1": "base"}
    rows |= {"lora_2": "b.ckpt", "weight_2": -1.0, "mode_2": "all"}
    stack = {"type": "Drawbridge_LoRAStack", "values": rows}
    told = await ask("configuration/write", generate=of(widgets), model="m.ckpt", loras=[stack])
    assert json.loads(told["text"])["seed"] == 4294967295
    back = await ask("configuration/read", text=told["text"])
    assert back == {
        **{"widgets": widgets, "model": "m.ckpt", "loras": loras, "rest": []},
        **{"version": "", "rest_text": "", "kept_text": "", "warnings": []},
    }


async def test_page_is_told_of_a_version_as_soon_as_it_has_a_row(ask: Ask) -> None:
    row = VERSIONS["sd3"]._replace(id="fable_1", name="Fable 1", default_size_px=640)
    with versions.registered(row):
        told = await ask("versions")
    assert told["versions"]["fable_1"]["sizes"][0]["width"] == 640
    assert "fable_1" in told["matters_for"]["t5_text_encoder"]
    assert "fable_1" in told["compatible"]["refiners"]["sd3_large"]
    assert "fable_1" not in (await ask("versions"))["versions"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_configuration_is_what_generate_sends(ask: Ask, version: str) -> None:
    widgets = Widgets(512, 640, 9, 2.5, 3, "", 0.0, 1)
    given = of({**vars(widgets), "sampler": "automatic", "prompt": "not its business"})
    told = await ask("configuration/write", generate=given, model="a.ckpt", version=version)
    written = clipboard.read(told["text"]).config()
    sent, _ = relevant(GenerationConfig(**widgets.fields("a.ckpt", version)), version)
    assert written == sent


async def test_configuration_of_the_app_becomes_widgets(ask: Ask) -> None:
    config = GenerationConfig(
        model="flux_1_dev_q8p.ckpt",
        start_width=1152,
        start_height=896,
        seed=7,
        sampler=Sampler.EULER_A_TRAILING,
        loras=(LoRA("ink.ckpt", 0.5, LoRAMode.REFINER),),
        controls=(Control("depth.ckpt"),),
        mask_blur=3.0,
        num_frames=40,
        guidance_embed=4.5,
    )
    told = await ask("configuration/read", text=clipboard.write(config))
    assert told["widgets"] == {
        **{"width": 1152, "height": 896, "steps": 20, "guidance": 4.5, "seed": 7},
        **{"sampler": "Euler A Trailing", "shift": 0.0, "batch_size": 1, "batch_count": 1},
        "strength": 1.0,
    }
    assert told["model"] == "flux_1_dev_q8p.ckpt"
    assert told["loras"] == [{"file": "ink.ckpt", "weight": 0.5, "mode": "refiner"}]
    assert told["rest"] == ["controls", "mask_blur"]  # no image model reads num_frames
    assert told["warnings"] == []


@pytest.mark.parametrize(
    ("said", "shift"),
    [
        ({"shift": 3.0, "resolutionDependentShift": False}, 3.0),
        ({"shift": 3.0, "resolutionDependentShift": True}, 0.0),
        ({"shift": 3.0}, 3.0),
        ({"resolutionDependentShift": True}, 0.0),
        ({"resolutionDependentShift": False}, 1.0),
    ],
    ids=str,
)
async def test_shift_is_automatic_where_it_comes_from_the_size(
    ask: Ask, said: dict[str, Any], shift: float
) -> None:
    told = await ask("configuration/read", text=json.dumps(said), version="flux1")
    assert (told["widgets"], told["rest"]) == ({"shift": shift}, [])


async def test_what_a_widget_cannot_hold_is_said(ask: Ask) -> None:
    text = json.dumps({"width": 64, "batchCount": 200, "steps": 4, "seed": -1, "shift": 200})
    told = await ask("configuration/read", text=text)
    assert told["widgets"].keys() == {"steps", "seed"}
    assert 0 <= told["widgets"]["seed"] < 1 << 32
    assert set(told["rest"]) == {"start_width", "batch_count", "shift"}
    assert [words.split()[:2] for words in told["warnings"]] == [
        *(["The", "seed"], ["Generate's", "width"]),
        *(["Generate's", "batch_count"], ["Generate's", "shift"]),
    ]


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"steps": "many"}', "[" * 5000])
async def test_text_that_is_no_configuration_is_said(ask: Ask, text: str) -> None:
    told = await ask("configuration/read", text=text)
    assert told["error"]["kind"] == "RequestRejected"


def test_fields_without_a_widget_are_left() -> None:
    widgets, rest, warnings = as_widgets({"guidance_scale": 4.0, "guidance_embed": 6.0})
    assert (widgets, rest, warnings) == ({"guidance": 4.0}, {"guidance_embed": 6.0}, [])


async def test_what_generate_has_no_widget_for_is_told_as_a_text_of_its_own(ask: Ask) -> None:
    text = '{"width": 512, "sharpness": 4, "maskBlur": 2.5, "hiresFix": false, "newKey": 1}'
    told = await ask("configuration/read", text=text)
    assert told["rest"] == ["sharpness", "mask_blur"]
    assert json.loads(told["rest_text"]) == {"sharpness": 4, "maskBlur": 2.5}
    again = await ask("configuration/read", text=told["rest_text"])
    assert (again["widgets"], again["rest"]) == ({}, told["rest"])


async def test_causal_inference_is_told_with_the_rest(ask: Ask) -> None:
    told = await ask("configuration/read", text='{"causalInference": 3}', version="wan_v2.1_14b")
    assert json.loads(told["rest_text"]) == {"causalInference": 3}


async def test_the_model_that_a_text_names_decides_what_is_read(ask: Ask) -> None:
    """Not the one that is wired yet: else what the new one reads would be lost without a word."""
    wired = {"model": "sd_v1.5_f16.ckpt", "version": "v1"}
    said = {"numFrames": 49, "clipSkip": 2}
    text = json.dumps({"model": "wan_v2.2_a14b_hne_t2v_q6p_svd.ckpt", **said})
    told = await ask("configuration/read", text=text, **wired)
    assert (told["version"], told["rest"]) == ("wan_v2.1_14b", ["num_frames"])
    text = json.dumps({"model": "mine.ckpt", **said})  # which nobody knows
    told = await ask("configuration/read", text=text, **wired)
    assert (told["version"], set(told["rest"])) == ("", {"num_frames", "clip_skip"})
    told = await ask("configuration/read", text=text, model="mine.ckpt", version="v1")
    assert (told["version"], told["rest"]) == ("v1", ["clip_skip"])
    assert json.loads(told["kept_text"])["numFrames"] == 49
    told = await ask("configuration/read", text=json.dumps(said), **wired)
    assert (told["version"], told["rest"]) == ("v1", ["clip_skip"])


async def test_preset_of_another_model_loses_nothing(ask: Ask) -> None:
    text = json.dumps({"model": "wan_v2.2_a14b_hne_t2v_q6p_svd.ckpt", "numFrames": 49, "steps": 9})
    await ask("presets/save", name="Waves", text=text)
    told = await ask("presets/take", name="Waves", model="sd_v1.5_f16.ckpt", version="v1")
    assert json.loads(told["rest_text"]) == {"numFrames": 49}
