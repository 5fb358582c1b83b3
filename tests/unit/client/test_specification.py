"""Specifications that people give: what a server would drop is said."""

from __future__ import annotations

import json

import pytest

from drawbridge.client.specification import read_model
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
    ],
)
def test_specification_of_no_use_is_refused(text: str, words: str) -> None:
    with pytest.raises(RequestRejected, match=words):
        read_model(text)
