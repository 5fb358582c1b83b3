"""What of a foreign text is shown."""

from __future__ import annotations

import pytest

from drawbridge.client.catalog import lookup
from drawbridge.client.catalog.records import Catalog
from drawbridge.client.safe_text import is_file_name, one_line

UNSEEN = [
    *("\u200b", "\u200d", "\u200f", "\u2060", "\u061c", "\ufeff", "\xad", "\u034f", "\u180e"),
    *("\u3164", "\U000e0041", "\ufff9"),
]


@pytest.mark.parametrize("mark", UNSEEN)
def test_name_with_what_cannot_be_seen_is_no_file_name(mark: str) -> None:
    assert is_file_name("model.ckpt")
    assert not is_file_name(f"mo{mark}del.ckpt")
    assert one_line(f"mo{mark}del") == "model"


@pytest.mark.parametrize("name", ["", " ", " \u3000", "\x1b[2J", "a" * 256, 5])
def test_what_is_no_file_name(name: object) -> None:
    assert not is_file_name(name)


@pytest.mark.parametrize("name", ["模型.ckpt", "Пример.ckpt", "wörld model.ckpt", "❤️.ckpt"])
def test_names_of_all_languages_are_file_names(name: str) -> None:
    assert is_file_name(name)


def test_name_of_a_megabyte_is_not_repeated_whole() -> None:
    name = "\x00\x1b[2J" + "m" * (1 << 20)
    error = lookup.unavailable(lookup.MODEL, name, Catalog(), "host:7859")
    assert len(str(error)) < 1000
    assert "\x1b" not in error.problem
    assert "\x00" not in error.problem
