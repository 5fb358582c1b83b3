"""Where pictures go, and that nothing half written is ever seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawbridge.cli.generating.files import Files
from drawbridge.cli.generating.told import told
from drawbridge.client.configuration import picture_file
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.generation.events import Picture
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.generation.results import to_pixels
from drawbridge.errors import DrawbridgeError

DOT = np.zeros((1, 1, 3), np.uint8)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_several_pictures_are_numbered_in_order(tmp_path: Path) -> None:
    files = Files(tmp_path / "out.png", 12)
    paths = [files.write(number, DOT, None) for number in range(1, 13)]
    assert [path.name for path in paths][:2] == ["out-01.png", "out-02.png"]
    assert sorted(paths) == paths
    assert names(tmp_path) == [path.name for path in paths]


def test_one_picture_has_the_name_until_another_comes(tmp_path: Path) -> None:
    files = Files(tmp_path / "out.png", 1)
    files.write(1, DOT, None)
    assert names(tmp_path) == ["out.png"]
    files.write(2, DOT, None)
    assert names(tmp_path) == ["out-1.png", "out-2.png"]


def test_a_transparent_result_keeps_its_alpha(tmp_path: Path) -> None:
    argb = np.zeros((1, 2, 2, 4), np.float16)
    argb[..., 0] = 1
    argb[0, 0, 0] = (0, 1, -1, 1)
    path = Files(tmp_path / "out.png", 1).write(1, to_pixels(Picture(argb, 0, 1)), None)
    with Image.open(path) as picture:
        assert picture.mode == "RGBA"
        assert picture.getpixel((0, 0)) == (255, 0, 255, 0)


def test_what_cannot_be_written_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:20])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(DrawbridgeError, match="No space left on device"):
        Files(tmp_path / "out.png", 1).write(1, DOT, None)
    assert names(tmp_path) == []


def test_what_was_there_stays_whole_until_the_new_one_is(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"old")
    metadata = told(GenerationRequest("a lake", GenerationConfig(model="a.ckpt", seed=7)))
    Files(out, 1).write(1, DOT, metadata)
    assert '"seed": 7' in picture_file.description(out.read_bytes())
    assert names(tmp_path) == ["out.png"]
