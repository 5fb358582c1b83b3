"""Presets as files: what the app pastes, and what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drawbridge.client.configuration import clipboard
from drawbridge.client.configuration.enums import LoRAMode
from drawbridge.client.configuration.fields import Control, GenerationConfig, LoRA
from drawbridge.client.configuration.preset import NAME, NEGATIVE_PROMPT, Preset, of_text
from drawbridge.errors import RequestRejected

PORTRAITS = Preset(
    "Porträts",
    {"steps": 9, "guidance_scale": 2.5, "controls": (Control("pose.ckpt", 0.5),), "shift": 3.0},
    (LoRA("ink.ckpt", 0.8, LoRAMode.BASE),),
    "blurry, 模糊",
    "z_image_turbo_1.0_q8p.ckpt",
    {"newKey": [1]},
)


def test_file_is_a_configuration_that_the_app_pastes() -> None:
    found = json.loads(PORTRAITS.text())
    beside = {NAME: found.pop(NAME), NEGATIVE_PROMPT: found.pop(NEGATIVE_PROMPT)}
    assert beside == {NAME: "Porträts", NEGATIVE_PROMPT: "blurry, 模糊"}
    assert found.pop("newKey") == [1]
    assert found.keys() == clipboard.to_object(GenerationConfig(model="a")).keys()
    assert (found["seed"], found["steps"], found["model"]) == (-1, 9, PORTRAITS.model)


def test_file_comes_back_whole() -> None:
    again = of_text(PORTRAITS.text())
    assert (again.name, again.negative_prompt) == (PORTRAITS.name, PORTRAITS.negative_prompt)
    assert (again.loras, again.model) == (PORTRAITS.loras, PORTRAITS.model)
    assert again.other_keys == PORTRAITS.other_keys
    assert PORTRAITS.values.items() <= again.values.items()
    assert "seed" not in again.values
    assert of_text(again.text()) == again


@pytest.mark.parametrize(
    ("text", "negative"),
    [
        ({"name": "a", "negative": "bad", "configuration": {"steps": 4}}, "bad"),
        ({"name": "a", "negative": " ", "configuration": {"steps": 4}}, ""),
        ({"name": "a", "steps": 4, "seed": 7}, ""),
        ([{"name": "a", "negative": "bad", "configuration": {"steps": 4}}], "bad"),
        ({"Name": "a", "Negative Prompt": "bad", "steps": 4}, "bad"),
        ({"name": "a", "c": "a lake", "uc": "bad", "steps": 5, "v2": {"steps": 4}}, "bad"),
        ({"steps": 4}, ""),
        ({"name": 5, "steps": 4, "loras": [{"file": "", "name": "b"}]}, ""),
    ],
    ids=[
        *("the app's list", "an empty one", "a plain configuration", "one in an array"),
        *("other spellings", "a picture's", "no name", "no text as a name"),
    ],
)
def test_other_forms_are_read(text: Any, negative: str) -> None:
    found = of_text(json.dumps(text), otherwise="a")
    assert (found.name, found.values, found.negative_prompt) == ("a", {"steps": 4}, negative)


def test_what_a_preset_does_not_take_is_told() -> None:
    found = of_text('{"name": "a", "seed": -1, "steps": 3, "steps": 4, "maskBlur": "much", "b": 1}')
    twice, blur, unknown = found.warnings
    assert "steps more than once" in twice
    assert 'maskBlur is "much"' in blur
    assert unknown.endswith("kept for the export: b.")
    assert found.other_keys == {"b": 1}
    assert of_text(found.text()).warnings == (unknown,)


def test_a_name_that_is_given_wins_and_one_is_needed() -> None:
    assert of_text('{"steps": 4, "name": "a"}', " b ", "grey").name == "b"
    assert of_text('{"steps": 4, "name": "a"}', "b", "grey").negative_prompt == "grey"
    for name in ("", " ", "a\nb", "a" * 81):
        with pytest.raises(RequestRejected, match="preset's name"):
            of_text('{"steps": 4}', name)
    with pytest.raises(RequestRejected):
        of_text("nonsense", "a")
