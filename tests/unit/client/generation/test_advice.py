"""What is recommended for a model, and how that is said."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from drawbridge.client.catalog.records import Catalog, ModelSpec
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.generation.advice import advise, explain
from drawbridge.client.generation.relevance import relevant
from drawbridge.facts import versions
from drawbridge.facts.app_settings import RECOMMENDED
from drawbridge.facts.samplers import Sampler
from drawbridge.facts.versions import VERSIONS

PLAIN = {
    *("start_width", "start_height", "steps", "guidance_scale", "sampler", "shift"),
    "resolution_dependent_shift",
}


def spec(version: str, **keys: Any) -> ModelSpec:
    element = {"file": "m.ckpt", "name": "M", "version": version, **keys}
    return Catalog.from_json(models=json.dumps([element]).encode()).models[0]


@pytest.mark.parametrize("row", RECOMMENDED, ids=lambda row: row.files[0])
def test_every_recommendation_makes_a_configuration_that_passes(row: Any) -> None:
    file = f"{row.files[0]}_q8p.ckpt"
    values = advise(file, row.version)
    config = dataclasses.replace(GenerationConfig(model=file), **values)
    config.check()
    assert relevant(config, row.version)[1] in ((), ("resolution_dependent_shift",))
    known = versions.find(row.version)
    assert known is not None
    assert config.sampler in known.samplers
    assert config.steps == row.steps


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_gets_values_that_pass(version: str) -> None:
    values = advise("some_merge_f16.ckpt", version)
    config = dataclasses.replace(GenerationConfig(model="some_merge_f16.ckpt"), **values)
    config.check()
    known = versions.find(version)
    assert known is not None
    assert config.sampler in known.samplers
    assert known.frames(config.num_frames) == (config.num_frames if known.is_video else 1)
    assert values.keys() >= PLAIN
    text = explain("some_merge_f16.ckpt", version, values)
    assert f"{values['start_width']} x {values['start_height']}" in text


def test_the_apps_list_is_taken() -> None:
    assert advise("flux_1_dev_q8p.ckpt", "flux1") == {
        "start_width": 1024,
        "start_height": 1024,
        "steps": 28,
        "guidance_scale": 4.5,
        "sampler": Sampler.EULER_A_TRAILING,
        "shift": 1.0,
        "resolution_dependent_shift": True,
        "guidance_embed": 4.5,
        "speed_up_with_guidance_embed": True,
    }


def test_video_gets_frames_and_its_refiner() -> None:
    file = "wan_v2.2_a14b_hne_t2v_q8p.ckpt"
    values = advise(file, "wan_v2.1_14b", spec("wan_v2.1_14b", default_refiner="lne.ckpt"))
    assert (values["num_frames"], values["start_width"], values["start_height"]) == (81, 832, 448)
    assert (values["refiner_model"], values["refiner_start"]) == ("lne.ckpt", 0.125)
    assert "lne.ckpt, from 0.125 on" in explain(file, "wan_v2.1_14b", values)
    alone = advise(file, "wan_v2.1_14b")
    assert "refiner_model" not in alone
    assert "the node Refiner adds" in explain(file, "wan_v2.1_14b", alone)


def test_speed_up_is_off_where_the_app_has_it_off() -> None:
    values = advise("skyreels_v1_hunyuan_i2v_q8p.ckpt", "hunyuan_video")
    assert values["speed_up_with_guidance_embed"] is False
    assert (values["guidance_embed"], values["num_frames"]) == (1.0, 97)
    assert "Speed up with guidance embed: off" in explain("x", "hunyuan_video", values)


@pytest.mark.parametrize(
    ("keys", "first"),
    [
        ({}, (640, 384)),
        ({"default_scale": 12, "hires_fix_scale": 8}, (832, 512)),
        ({"default_scale": 12, "hires_fix_scale": 12}, (640, 384)),
    ],
)
def test_first_pass_is_smaller_and_of_the_same_form(
    keys: dict[str, int], first: tuple[int, int]
) -> None:
    values = advise("ltx_2.3_22b_dev_q8p.ckpt", "ltx2.3", spec("ltx2.3", **keys))
    assert values["hires_fix"] is True
    assert (values["hires_fix_start_width"], values["hires_fix_start_height"]) == first


def test_specification_gives_the_size_where_the_list_has_none() -> None:
    assert advise("z_image_turbo_1.0_q8p.ckpt", "z_image")["start_width"] == 1024
    values = advise("z_image_turbo_1.0_q8p.ckpt", "z_image", spec("z_image", default_scale=20))
    assert (values["start_width"], values["start_height"]) == (1280, 1280)


def test_distilled_model_without_a_row_gets_no_guidance() -> None:
    values = advise("m.ckpt", "sd3", spec("sd3", is_consistency_model=True))
    assert values["guidance_scale"] == 1.0


@pytest.mark.parametrize(
    ("file", "version", "words"),
    [
        ("flux_1_dev_q8p.ckpt", "flux1", "The app's settings for flux_1_dev_q8p.ckpt (FLUX.1)."),
        ("my_merge.ckpt", "flux1", "The app's settings for flux_1_dev, which is also of the"),
        ("my_merge.ckpt", "pixart", "Nothing is recommended for my_merge.ckpt (PixArt Sigma)"),
        ("my_merge.ckpt", "flux9", "Nothing is recommended for my_merge.ckpt (flux9)"),
    ],
)
def test_words_say_where_the_values_come_from(file: str, version: str, words: str) -> None:
    lines = explain(file, version, advise(file, version)).splitlines()
    assert lines[0].startswith(words)
    assert lines[1:5] == [
        *(line for line in lines if line.startswith(("Size:", "Steps:", "Guidance:", "Sampler:")))
    ]


@pytest.mark.parametrize(
    ("file", "version", "shift"),
    [
        ("flux_1_dev_q8p.ckpt", "flux1", "Shift: from the size"),
        ("z_image_turbo_1.0_q8p.ckpt", "z_image", "Shift: 3"),
        ("wan_v2.1_14b_t2v.ckpt", "wan_v2.1_14b", "Shift: 5"),
    ],
)
def test_words_say_which_shift_counts(file: str, version: str, shift: str) -> None:
    assert shift in explain(file, version, advise(file, version)).splitlines()
