"""The app's presets, and how one is found by its name."""

from __future__ import annotations

import pytest

from drawbridge.client.catalog import official
from drawbridge.client.configuration.enums import LoRAMode
from drawbridge.client.configuration.preset import Preset, of_text
from drawbridge.client.generation import presets
from drawbridge.errors import RequestRejected
from drawbridge.facts import app_presets
from drawbridge.facts.app_presets import WITH_LORAS
from drawbridge.facts.app_settings import RECOMMENDED

WAN = "wan_v2.2_a14b_hne_t2v_q6p_svd.ckpt"


def test_app_has_eleven_presets_with_loras_that_are_official_files() -> None:
    assert len(WITH_LORAS) == 11
    files = {spec.file for spec in official.catalog().loras}
    assert app_presets.loras() <= files


def test_preset_brings_a_lora_for_each_half_and_a_negative_prompt() -> None:
    [fast] = presets.with_loras(WAN)
    assert fast.name == "Wan v2.2 T2V 14B with Lightning v1.1"
    assert [lora.mode for lora in fast.loras] == [LoRAMode.BASE, LoRAMode.REFINER]
    assert (fast.values["steps"], fast.values["guidance_scale"]) == (4, 1)
    assert (fast.values["num_frames"], fast.values["refiner_start"]) == (81, 0.125)
    assert fast.negative_prompt
    slow = presets.recommended(WAN, "wan_v2.1_14b")
    assert (slow.values["steps"], slow.loras) == (30, ())
    assert slow.negative_prompt == fast.negative_prompt


@pytest.mark.parametrize(
    ("file", "start"),
    [
        ("anima_base_1.0_f16.ckpt", "worst quality, low quality, score_1"),
        ("ltx_2_19b_dev_q8p.ckpt", "worst quality, inconsistent"),
        ("ltx_2_19b_distilled_q8p.ckpt", ""),
        ("qwen_image_2512_q6p.ckpt", "\u4f4e\u5206\u8fa8\u7387"),
        ("qwen_image_1.0_q6p.ckpt", ""),
        ("sd_v1.5_f16.ckpt", ""),
    ],
)
def test_negative_prompt_goes_with_the_model(file: str, start: str) -> None:
    found = app_presets.negative_prompt(file)
    assert found.startswith(start)
    assert bool(found) is bool(start)


def test_preset_is_found_by_name_ones_own_first() -> None:
    own = Preset("Flux.2 [DEV] with turbo", {"steps": 7})
    assert presets.find("flux.2 [dev] with Turbo").values["steps"] == 4
    assert presets.find(" FLUX.2 [dev] with Turbo", [own]) is own
    found = presets.find("z_image_turbo")
    assert (found.values["steps"], found.model) == (8, "")
    with pytest.raises(RequestRejected, match="no preset 'z_image_turb'") as caught:
        presets.find("z_image_turb")
    assert "z_image_turbo" in caught.value.remedy


@pytest.mark.parametrize("name", presets.names(), ids=str)
def test_every_preset_of_the_app_can_be_saved_and_shared(name: str) -> None:
    found = presets.find(name)
    again = of_text(found.text())
    assert again.loras == found.loras
    assert found.values.items() <= again.values.items()
    assert presets.files_of(name)


def test_names_of_the_apps_presets_are_each_one() -> None:
    names = [name.casefold() for name in presets.names()]
    assert len(set(names)) == len(names) >= len(RECOMMENDED) + 11
