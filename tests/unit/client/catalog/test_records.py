"""Specifications as servers and people write them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawbridge.client.catalog.json_values import MOST_ELEMENTS
from drawbridge.client.catalog.names import alike, find, nearest
from drawbridge.client.catalog.records import Catalog, ModelSpec
from drawbridge.client.catalog.specification import missing_keys

_MODEL = {
    "name": "FLUX.1 dev",
    "file": "flux_1_dev_q8p.ckpt",
    "prefix": "",
    "version": "flux1",
    "upcast_attention": False,
    "default_scale": 16,
    "t5_encoder": "t5.ckpt",
    "additional_clip_encoders": ["clip.ckpt"],
    "latents_upscalers": [{"file": "up.ckpt", "scale": "2"}],
    "guidance_embed": True,
    "objective": {"u": {"condition_scale": 1000}},
    "something_new": [1.0, 2.50, "ü"],
}


def _json(*elements: object) -> bytes:
    return json.dumps(elements).encode()


def test_a_model_is_read_with_all_that_the_client_uses() -> None:
    (spec,) = Catalog.from_json(models=_json(_MODEL)).models
    assert (spec.file, spec.name, spec.version) == ("flux_1_dev_q8p.ckpt", "FLUX.1 dev", "flux1")
    assert spec.default_size_px == 1024
    assert spec.modifier == "none"
    assert spec.guidance_embed
    assert spec.files == ("t5.ckpt", "clip.ckpt", "up.ckpt")


def test_the_raw_object_is_kept_whole_with_keys_nobody_knows() -> None:
    (spec,) = Catalog.from_json(models=_json(_MODEL)).models
    assert json.loads(spec.raw) == _MODEL
    assert list(json.loads(spec.raw)) == list(_MODEL)
    assert missing_keys("models", spec.raw) == []


def test_camel_case_keys_are_read_and_sent_as_they_came() -> None:
    camel = {
        "name": "a",
        "file": "a.ckpt",
        "version": "v1",
        "prefix": "",
        "isConsistencyModel": True,
    }
    camel |= {"upcastAttention": False, "defaultScale": 8, "t5Encoder": "t5.ckpt"}
    (spec,) = Catalog.from_json(models=_json(camel)).models
    assert (spec.default_size_px, spec.files) == (512, ("t5.ckpt",))
    assert spec.is_consistency_model
    assert json.loads(spec.raw) == camel
    assert missing_keys("models", spec.raw) == []


def test_elements_that_cannot_be_used_are_dropped_one_by_one() -> None:
    good = {"file": "a.ckpt", "version": "v1"}
    bad = ["text", 3, None, [], {}, {"file": "", "version": "v1"}, {"file": "a"}, {"file": 3}]
    assert [m.file for m in Catalog.from_json(models=_json(*bad, good, *bad)).models] == ["a.ckpt"]


def test_a_name_that_is_missing_is_the_files() -> None:
    (spec,) = Catalog.from_json(upscalers=_json({"file": "x4.ckpt"})).upscalers
    assert (spec.name, spec.scale_factor) == ("x4.ckpt", 0)


def test_the_other_lists_are_read() -> None:
    catalog = Catalog.from_json(
        loras=_json(
            {
                **{"file": "l.ckpt", "name": "L", "version": "flux1", "prefix": "p"},
                "weight": {"value": 0.8, "lower_bound": 0, "upper_bound": 1},
                "alternative_decoder_version": "transparent",
            }
        ),
        controls=_json(
            {"file": "c.ckpt", "version": "v1", "type": "controlnet", "modifier": "pose"}
        ),
        textual_inversions=_json({"file": "t.ckpt", "version": "v1", "keyword": "kw"}),
        upscalers=_json({"file": "u.ckpt", "name": "U", "scale_factor": 4}),
    )
    lora, control = catalog.lora("l.ckpt"), catalog.control("c.ckpt")
    assert lora is not None
    assert control is not None
    assert (lora.weight, lora.lowest_weight, lora.highest_weight) == (0.8, 0, 1)
    assert lora.transparent
    assert (control.kind, control.type) == ("pose", "controlnet")
    assert catalog.textual_inversions[0].keyword == "kw"
    assert catalog.upscalers[0].scale_factor == 4
    assert catalog.model("u.ckpt") is None


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"null", b"[", b"\xff\xfe", b"[" * 100_000, b'{"a":1}', b'"text"', b"NaN"]
)
def test_bytes_that_are_no_array_give_an_empty_list(data: bytes) -> None:
    assert Catalog.from_json(models=data).models == ()


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
_KEYS = [
    "weight",
    "default_scale",
    "latents_upscalers",
    "stage_models",
    "note",
    "modifier",
    "scale_factor",
]


@given(st.dictionaries(st.sampled_from(_KEYS), _JSON))
@settings(max_examples=100)
def test_values_of_any_type_do_no_harm(values: dict[str, object]) -> None:
    data = json.dumps([{"file": "a.ckpt", "version": "v1", **values}]).encode()
    catalog = Catalog.from_json(data, data, data, data, data)
    assert catalog.models[0].file == catalog.upscalers[0].file == "a.ckpt"


def test_missing_keys_are_those_a_server_needs() -> None:
    assert missing_keys("loras", '{"file": "a", "weight": 1, "version": "flux1"}') == [
        "name",
        "prefix",
    ]
    assert missing_keys("upscalers", "not json") == ["blocks", "file", "name", "scale_factor"]


def test_nearest_names_come_best_first_whatever_their_case() -> None:
    names = ["flux_1_dev_q8p.ckpt", "flux_1_schnell_q8p.ckpt", "sd_v1.5_f16.ckpt"]
    assert nearest("FLUX_1_DEV.ckpt", names)[0] == "flux_1_dev_q8p.ckpt"
    assert nearest("zzz", names) == []
    assert nearest("a", []) == []


def test_find_takes_the_exact_file_before_names_in_any_case() -> None:
    records = [ModelSpec("a.ckpt", "B.ckpt", "v1"), ModelSpec("b.ckpt", "Über", "v1")]
    assert find(records, "b.ckpt") is records[1]
    assert find(records, "B.CKPT") is records[0]
    assert find(iter(records), " ÜBER ") is records[1]
    assert find(records, "") is None


def test_alike_asks_whether_a_similar_name_is_meant() -> None:
    records = [ModelSpec("flux_1_dev_q8p.ckpt", "FLUX.1 dev", "flux1")]
    assert alike("flux_1_dev.ckpt", records) == ("Did you mean flux_1_dev_q8p.ckpt or FLUX.1 dev?")
    assert alike("zzz", records) == ""


def test_part_of_a_long_name_is_recognised() -> None:
    names = ["Pose (SD v2.x, ControlNet)", "Pose (SD v1.x, ControlNet 1.1)", "Depth", "Dose"]
    assert nearest("pose", names) == ["Dose", names[0], names[1]]
    assert nearest("po", ["a very long name with po in it"]) == []


@pytest.mark.parametrize("depth", [*range(10, 1200, 50), 100_000])
def test_absurd_nesting_is_dropped_or_read(depth: int) -> None:
    deep = b'{"file":"a","version":"v1","x":' + b"[" * depth + b"]" * depth + b"}"
    found = Catalog.from_json(models=b"[" + deep + b"]").models
    assert [spec.file for spec in found] in ([], ["a"])


def test_of_a_list_beyond_all_measure_the_first_are_known_and_it_is_not_complete() -> None:
    one = {"file": "a.ckpt", "version": "v1"}
    for more in (0, 1):
        catalog = Catalog.from_json(models=_json(*[one] * (MOST_ELEMENTS + more)))
        assert len(catalog.models) == MOST_ELEMENTS
        assert catalog.complete is not bool(more)


@pytest.mark.parametrize(
    "file", ["a\x1b[2J.ckpt", "a\n.ckpt", "\u202egnp.ckpt", "\ud800", "a" * 256]
)
def test_a_file_name_that_cannot_be_is_dropped(file: str) -> None:
    assert not Catalog.from_json(models=_json({"file": file, "version": "v1"})).models
    [spec] = Catalog.from_json(models=_json({**_MODEL, "t5_encoder": file})).models
    assert spec.files == ("clip.ckpt", "up.ckpt")


def test_texts_for_people_are_harmless_and_the_rest_is_untouched() -> None:
    odd = {
        **_MODEL,
        "name": "A\x1b[2J\nB" + "x" * 9999,
        "note": "one\ntwo\x07",
        "version": "v\x1b1",
    }
    [spec] = Catalog.from_json(models=_json(odd)).models
    assert spec.name.startswith("A [2J B")
    assert len(spec.name) < 400
    assert (spec.note, spec.version) == ("one\ntwo ", "v 1")
    assert json.loads(spec.raw) == odd
