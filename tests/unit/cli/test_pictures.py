"""Picture files of all kinds, in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawbridge.cli import pictures
from drawbridge.cli.outcome import Usage
from drawbridge.cli.pictures import PackageMissing
from drawbridge.client.generation.pictures import starts
from drawbridge.codec import mask as kinds


def saved(folder: Path, picture: Image.Image, name: str = "in.png", **options: Any) -> Path:
    path = folder / name
    picture.save(path, **options)
    return path


def load(
    image: Path, mask: Path | None, width: int, height: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return image and mask as a request carries them."""
    picture = pictures.read_image(image)
    area = None if mask is None else pictures.read_mask(mask)
    [(array, kinds, _)] = starts(picture, area, (width, height), None, from_noise=False)
    assert array is not None
    return array, kinds


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1", "I;16", "CMYK"])
def test_pictures_of_every_mode_are_read(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        picture = Image.fromarray(np.full((128, 192), 65535, np.uint16))
    else:
        picture = Image.new("RGB", (192, 128), "white").convert(mode)
    name = "in.jpg" if mode == "CMYK" else "in.png"
    array, area = load(saved(tmp_path, picture, name), None, 192, 128)
    assert (array.shape, array.dtype, area) == ((1, 128, 192, 3), np.float16, None)
    assert np.abs(array.astype(np.float32) - 1).max() < 0.01


def test_a_picture_of_another_shape_is_cut_around_its_middle(tmp_path: Path) -> None:
    pixels = np.zeros((128, 384, 3), np.uint8)
    pixels[:, 128:256] = 255
    path = saved(tmp_path, Image.fromarray(pixels))
    array, _ = load(path, None, 128, 128)
    assert float(array.min()) == 1


def test_a_turned_photograph_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    path = saved(tmp_path, Image.new("RGB", (192, 128)), "in.jpg", exif=exif)
    assert load(path, None, 128, 192)[0].shape == (1, 192, 128, 3)


def test_white_and_transparent_are_repainted(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (128, 128), (10, 20, 30, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 128, 32))
    mask = Image.new("L", (128, 128), 0)
    mask.paste(255, (0, 96, 128, 128))
    _, area = load(saved(tmp_path, picture), saved(tmp_path, mask, "mask.png"), 128, 128)
    assert area is not None
    assert (area[:32] == kinds.REPAINT).all()
    assert (area[32:96] == kinds.KEEP).all()
    assert (area[96:] == kinds.REPAINT).all()


def test_a_mask_of_another_size_covers_all_of_the_image(tmp_path: Path) -> None:
    image = saved(tmp_path, Image.new("RGB", (128, 128)))
    small = Image.new("L", (64, 64), 0)
    small.paste(255, (32, 0, 64, 64))
    _, area = load(image, saved(tmp_path, small, "mask.png"), 128, 128)
    assert area is not None
    assert (area[:, :64] == kinds.KEEP).all()
    assert (area[:, 64:] == kinds.REPAINT).all()


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_file_that_is_no_picture_is_a_wrong_use(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "in.png"
    path.write_bytes(content)
    with pytest.raises(Usage, match="cannot be read as a picture"):
        load(path, None, 128, 128)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(PackageMissing) as caught:
        pictures.require()
    assert "pillow" in caught.value.remedy
