"""Specifications that people give: what a server would drop is said."""

from __future__ import annotations

import json

import pytest

from drawbridge.client.catalog.specification import read_controls, read_loras, read_model
from drawbridge.errors import RequestRejected

WHOLE = {
    "name": "Mine",
    "file": "mine.ckpt",
    "prefix": "",
    "version": "v1",
    "upcast_attention": False,
    "default_scale": 8,
}


def test_object_is_read_and_kept_with_every_key() -> None:
    spec = read_model(json.dumps({**WHOLE, "text_encoder": "clip.ckpt", "future": [1]}, indent=2))
    assert (spec.file, spec.version, spec.default_size_px) == ("mine.ckpt", "v1", 512)
    assert spec.files == ("clip.ckpt",)
    assert json.loads(spec.raw)["future"] == [1]


def test_list_of_one_and_camel_case_are_taken() -> None:
    value = {key: entry for key, entry in WHOLE.items() if "_" not in key}
    spec = read_model(json.dumps([{**value, "upcastAttention": True, "defaultScale": 16}]))
    assert spec.default_size_px == 1024


def test_null_is_as_if_an_optional_key_were_not_there() -> None:
    assert read_model(json.dumps({**WHOLE, "modifier": None})).modifier == "none"


def test_a_version_may_be_newer_than_this_client() -> None:
    assert read_model(json.dumps({**WHOLE, "version": "flux9"})).version == "flux9"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", r"not JSON \(line 1\)"),
        ("[" * 9999, "not JSON"),
        ("[]", "not one JSON object"),
        (json.dumps([WHOLE, WHOLE]), "not one JSON object"),
        ('{"name": "Mine", "file": "x"}', "lacks default_scale, prefix, upcast_attention, version"),
        (json.dumps({**WHOLE, "default_scale": 8.5}), r"default_scale \(a whole number"),
        (json.dumps({**WHOLE, "default_scale": 1 << 16}), "default_scale"),
        (json.dumps({**WHOLE, "upcast_attention": 1, "file": None}), "upcast_attention.*|file"),
        (json.dumps({**WHOLE, "file": ""}), "empty file or version"),
        (json.dumps({**WHOLE, "modifier": "bogus"}), r"modifier \(one of none, inpainting"),
        (json.dumps({**WHOLE, "modifier": 1}), "modifier"),
        (json.dumps({**WHOLE, "hiresFixScale": -1}), r"hiresFixScale \(a whole number of 64"),
        (json.dumps({**WHOLE, "guidance_embed": "yes"}), r"guidance_embed \(true or false"),
        (json.dumps({**WHOLE, "latents_mean": [1, "2"]}), r"latents_mean \(a list of numbers"),
        (json.dumps({**WHOLE, "stage_models": "b.ckpt"}), r"stage_models \(a list of texts"),
        (json.dumps({**WHOLE, "conditioning": "none"}), r"conditioning \(noise or timestep"),
    ],
)
def test_specification_of_no_use_is_refused(text: str, words: str) -> None:
    with pytest.raises(RequestRejected, match=words):
        read_model(text)


LORA = {"name": "Ink", "file": "ink.ckpt", "prefix": "ink", "version": "v1"}
CONTROL = {
    **{"name": "Lines", "file": "lines.ckpt", "version": "v1", "type": "controlnet"},
    "global_average_pooling": False,
}


def test_loras_are_read_one_or_many_in_order() -> None:
    [ink] = read_loras(json.dumps({**LORA, "note": "N", "alternative_decoder": "d.ckpt"}))
    assert (ink.file, ink.prefix, ink.note, ink.files) == ("ink.ckpt", "ink", "N", ("d.ckpt",))
    weight = {"value": 0.8, "lowerBound": 0, "upper_bound": 1.5}
    two = read_loras(
        json.dumps([{**LORA, "file": "b"}, {**LORA, "isLoHa": True, "weight": weight}])
    )
    assert [(spec.file, spec.weight) for spec in two] == [("b", 0.6), ("ink.ckpt", 0.8)]
    assert json.loads(two[1].raw)["isLoHa"] is True


def test_controls_are_read_in_both_styles_and_null_is_nothing() -> None:
    own = {key: value for key, value in CONTROL.items() if "_" not in key}
    camel = {**own, "globalAveragePooling": True, "imageEncoder": "eyes.ckpt", "modifier": None}
    first, second = read_controls(json.dumps([camel, CONTROL]))
    assert (first.global_average_pooling, first.files, first.kind) == (True, ("eyes.ckpt",), "")
    assert not second.global_average_pooling


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "is an empty list"),
        (7, "The specification is not one JSON object"),
        ([LORA, [LORA]], "Specification 2 is not one JSON object"),
        ([LORA, {"name": "x"}], "Specification 2 lacks file, prefix, version"),
        ({**LORA, "prefix": None}, r"prefix \(text\)"),
        ({**LORA, "isLoHa": 1, "deprecated": "no"}, r"isLoHa \(true.*, deprecated \(true"),
        ({**LORA, "weight": 0.8}, r"weight \(an object with the numbers lower_bound"),
        ({**LORA, "weight": {"value": 1}}, "weight"),
        ({**LORA, "version": ""}, "empty file or version"),
        ({**LORA, "x": float("nan")}, "is not JSON"),
        ({**LORA, "file": "\ud800"}, "is not JSON"),
    ],
)
def test_lora_specification_of_no_use_is_refused(value: object, words: str) -> None:
    with pytest.raises(RequestRejected, match=words):
        read_loras(json.dumps(value))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": 1}, r"type \(one of controlnet, "),
        ({"type": "controlnet2"}, r"type \(one of controlnet, "),
        ({"modifier": "pencil"}, r"modifier \(a kind of picture"),
        ({"global_average_pooling": "yes"}, "global_average_pooling"),
        ({"transformer_blocks": [1.5]}, "transformer_blocks"),
        ({"ip_adapter_config": []}, "ip_adapter_config"),
        ({"image_encoder": 1}, "image_encoder"),
    ],
)
def test_control_specification_of_no_use_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(RequestRejected, match=words):
        read_controls(json.dumps({**CONTROL, **change}))
