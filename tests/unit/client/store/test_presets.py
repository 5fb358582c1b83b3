"""Presets that a person has saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drawbridge.client.configuration.fields import LoRA
from drawbridge.client.configuration.preset import Preset
from drawbridge.client.generation import presets
from drawbridge.client.store import presets as saved_presets
from drawbridge.client.store.presets import SavedPresets
from drawbridge.errors import RequestRejected, StoreUnusable

ONE = Preset("One", {"steps": 9}, (LoRA("ink.ckpt", 0.8),), "grey", "a.ckpt")


def test_presets_outlive_the_object_and_stand_by_name(tmp_path: Path) -> None:
    saved = SavedPresets(tmp_path / "folder")
    assert saved.all() == []
    saved.put(ONE)
    saved.put(Preset("another", {"steps": 3}))
    again = SavedPresets(tmp_path / "folder")
    assert [one.name for one in again.all()] == ["another", "One"]
    found = again.find(" ONE ")
    assert (found.values["steps"], found.loras, found.negative_prompt) == (9, ONE.loras, "grey")
    saved.put(Preset("ONE", {"steps": 5}))
    assert [one.name for one in saved.all()] == ["another", "ONE"]
    saved.remove("one")
    assert [one.name for one in saved.all()] == ["another"]
    with pytest.raises(RequestRejected, match="No preset is saved as 'one'"):
        saved.remove("one")


def test_umlauts_of_one_and_of_two_code_points_are_one_name(tmp_path: Path) -> None:
    saved = SavedPresets(tmp_path)
    saved.put(Preset("Portr\u00e4ts  zwei", {"steps": 9}))
    saved.put(Preset("PORTRA\u0308TS  zwei ", {"steps": 5}))
    assert [one.values["steps"] for one in saved.all()] == [5]
    for name in ("portr\u00e4ts  zwei", " portra\u0308ts  ZWEI"):
        assert presets.find(name, saved.all()).values["steps"] == 5
        assert saved.find(name).values["steps"] == 5


@pytest.mark.parametrize(
    "content", [{"presets": [1]}, {"presets": [{"name": "x"}]}, {"presets": 1}]
)
def test_damaged_file_is_told_and_left_alone(tmp_path: Path, content: object) -> None:
    saved = SavedPresets(tmp_path)
    assert saved.path is not None
    saved.path.write_text(json.dumps(content))
    for attempt in (saved.all, lambda: saved.put(ONE), lambda: saved.remove("x")):
        with pytest.raises(StoreUnusable):
            attempt()
    assert json.loads(saved.path.read_text()) == content


def test_number_is_bounded_and_a_folder_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_presets, "MOST_PRESETS", 1)
    saved = SavedPresets(tmp_path)
    for name in ("One", "one"):
        saved.put(Preset(name, {"steps": 2}))
    with pytest.raises(RequestRejected, match="1 presets are saved"):
        saved.put(Preset("two", {"steps": 2}))
    assert SavedPresets(None).all() == []
    with pytest.raises(StoreUnusable):
        SavedPresets(None).put(ONE)
