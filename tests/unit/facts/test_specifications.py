"""What a server reads of specifications: required keys, optional ones, types and values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from drawbridge.client.catalog.records import Catalog
from drawbridge.emulator.stock import specifications as server
from drawbridge.facts.specifications import LISTS, SPECIFICATIONS, Fault, find_fault

WHOLE: dict[str, dict[str, Any]] = {
    "models": {
        **{"name": "a", "file": "a.ckpt", "prefix": "", "version": "flux1"},
        **{"upcast_attention": False, "default_scale": 16},
    },
    "loras": {"name": "a", "file": "a.ckpt", "prefix": "", "version": "flux1"},
    "controls": {
        **{"name": "a", "file": "a.ckpt", "version": "flux1", "type": "controlnet"},
        "global_average_pooling": False,
    },
    "textual_inversions": {
        **{"name": "a", "file": "a.ckpt", "version": "v1", "keyword": "k", "length": 2},
    },
    "upscalers": {"name": "a", "file": "a.ckpt", "scale_factor": 4, "blocks": 23},
}
# A value of the right type for each word that says what is wanted.
RIGHT: dict[str, Any] = {
    "text": "x",
    "true or false": True,
    "a whole number": 3,
    "a number": 0.5,
    "a whole number of 64 pixels, such as 8 or 16": 16,
    "an object": {},
    "a list of texts": ["x"],
    "a list of numbers": [1, 0.5],
    "a list of whole numbers": [1],
    "a list of objects": [{}],
    "noise or timestep": "noise",
    "transparent": "transparent",
    "an object with the numbers lower_bound and upper_bound": {
        **{"lower_bound": 0, "upper_bound": 1},
    },
    "a kind of picture, such as canny or depth": "canny",
}
OPTIONAL = [(name, key) for name in LISTS for key in SPECIFICATIONS[name].optional]


def right(words: str) -> Any:
    return RIGHT.get(words) if words in RIGHT else words.split("one of ")[-1].split(", ")[0]


@pytest.mark.parametrize("name", LISTS)
def test_whole_specification_has_no_fault(name: str) -> None:
    assert find_fault(name, WHOLE[name]) is None
    assert WHOLE[name].keys() == SPECIFICATIONS[name].required.keys()


@pytest.mark.parametrize(
    ("name", "key"), [(name, key) for name in LISTS for key in SPECIFICATIONS[name].required]
)
def test_required_key_must_be_there_and_of_its_type(name: str, key: str) -> None:
    element = WHOLE[name]
    assert find_fault(name, {k: v for k, v in element.items() if k != key}) == Fault((key,))
    words = SPECIFICATIONS[name].required[key].words
    for wrong in (None, [], 1.5):
        assert find_fault(name, {**element, key: wrong}) == Fault(wrong=((key, words),))


@pytest.mark.parametrize(("name", "key"), OPTIONAL)
def test_optional_key_may_be_null_or_right_and_nothing_else(name: str, key: str) -> None:
    value, element = SPECIFICATIONS[name].optional[key], WHOLE[name]
    assert find_fault(name, {**element, key: None}) is None
    assert find_fault(name, {**element, key: right(value.words)}) is None
    refused = [wrong for wrong in (7.5, "no such value", [None]) if not value.fits(wrong)]
    assert len(refused) >= 2
    for wrong in refused:
        assert find_fault(name, {**element, key: wrong}) == Fault(wrong=((key, value.words),))


def test_keys_are_read_in_both_styles() -> None:
    camel = {"upcastAttention": False, "defaultScale": 8}
    element = {k: v for k, v in WHOLE["models"].items() if "_" not in k}
    assert find_fault("models", {**element, **camel}) is None
    wrong = find_fault("models", {**element, **camel, "isBf16": 1})
    assert wrong == Fault(wrong=(("isBf16", "true or false"),))


def test_a_version_may_be_newer_where_that_is_allowed() -> None:
    newer = {**WHOLE["loras"], "version": "flux9"}
    assert find_fault("loras", newer) is not None
    assert find_fault("loras", newer, newer_versions=True) is None
    assert find_fault("loras", {**newer, "version": 9}, newer_versions=True) is not None


@pytest.mark.parametrize(("name", "kind"), list(zip(LISTS, server.KINDS, strict=True)))
def test_server_and_client_read_the_same(name: str, kind: str) -> None:
    data = json.dumps([WHOLE[name], {**WHOLE[name], "file": "b.ckpt"}]).encode()
    assert len(server.read(kind, data).specifications) == 2
    assert [spec.file for spec in getattr(Catalog.from_json(**{name: data}), name)] == [
        *("a.ckpt", "b.ckpt"),
    ]
    broken = json.dumps([{**WHOLE[name], "name": 7}]).encode()
    assert server.read(kind, broken).specifications == ()
