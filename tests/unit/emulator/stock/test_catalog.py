"""The emulator's made-up catalogue, and what it makes of a folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from drawbridge.emulator.stock import specifications
from drawbridge.emulator.stock.catalog import Catalog, files_of
from drawbridge.emulator.stock.entries import FALLBACK_MODEL, UNSPECIFIED_MODEL
from drawbridge.facts.versions import VERSIONS


def test_catalog_covers_every_version(catalog: Catalog):
    assert len(VERSIONS) == 36
    assert {str(entry["version"]) for entry in catalog.listing()["models"]} == set(VERSIONS)


@pytest.mark.parametrize("kind", specifications.KINDS)
def test_catalog_lists_survive_a_servers_reading(catalog: Catalog, kind: str):
    listed = catalog.listing()[kind]
    reading = specifications.read(kind, specifications.write(listed))
    assert reading.dropped == ()
    assert list(reading.specifications) == listed
    assert len(listed) == len({str(entry["file"]) for entry in listed})


def test_catalog_has_the_six_upscalers(catalog: Catalog):
    assert [entry["scale_factor"] for entry in catalog.listing()["upscalers"]] == [2, 4, 4, 4, 4, 4]


def test_catalog_files_are_unsorted_with_duplicates_and_beyond_ascii(catalog: Catalog):
    files = catalog.files()
    assert files != sorted(files)
    assert len(set(files)) < len(files)
    assert any(not name.isascii() for name in files)
    assert all(name.endswith(".ckpt") for name in files)


def test_catalog_files_hold_whatever_a_specification_needs(catalog: Catalog):
    files = set(catalog.files())
    needed = {
        name
        for kind, listed in catalog.listing().items()
        for entry in listed
        for name in files_of(entry, kind)
    }
    assert needed <= files


def test_catalog_has_a_file_without_specification_but_not_the_fallback(catalog: Catalog):
    assert UNSPECIFIED_MODEL in catalog.files()
    assert catalog.find("models", UNSPECIFIED_MODEL) is None
    assert not catalog.exists(FALLBACK_MODEL)


def test_catalog_adds_the_checkpoints_of_its_folder(tmp_path: Path):
    (tmp_path / "mine.CKPT").write_bytes(b"x")
    (tmp_path / "empty.ckpt").write_bytes(b"")
    (tmp_path / ".hidden.ckpt").write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    files = Catalog(tmp_path).files()
    assert "mine.CKPT" in files
    assert not {"empty.ckpt", ".hidden.ckpt", "notes.txt"} & set(files)


def test_catalog_reads_custom_lists_and_drops_their_bad_elements(tmp_path: Path):
    good = {"name": "Mine", "file": "mine.ckpt", "prefix": "", "version": "flux1"}
    (tmp_path / "custom_lora.json").write_text(json.dumps([{"name": "half"}, good, 7]))
    (tmp_path / "mine.ckpt").write_bytes(b"x")
    catalog = Catalog(tmp_path)
    assert catalog.find("loras", "mine.ckpt") == good
    assert good in catalog.listing()["loras"]


def test_catalog_lists_only_what_is_there(tmp_path: Path):
    absent = {"name": "Mine", "file": "mine.ckpt", "prefix": "", "version": "flux1"}
    (tmp_path / "custom_lora.json").write_text(json.dumps([absent]))
    assert absent not in Catalog(tmp_path).listing()["loras"]


def test_catalog_of_a_folder_has_what_is_in_it(tmp_path: Path):
    catalog = Catalog(tmp_path, made_up=False)
    assert catalog.files() == []
    assert catalog.listing() == {kind: [] for kind in specifications.KINDS}
    (tmp_path / "remacri_4x_f16.ckpt").write_bytes(b"dummy")
    assert [entry["name"] for entry in catalog.listing()["upscalers"]] == ["Remacri"]
    (tmp_path / "sd_v1.5_f16.ckpt").write_bytes(b"dummy")
    assert catalog.listing()["models"] == []  # which needs two more, though it names none
    for name in ("clip_vit_l14_f16.ckpt", "vae_ft_mse_840000_f16.ckpt"):
        (tmp_path / name).write_bytes(b"dummy")
    assert [entry["version"] for entry in catalog.listing()["models"]] == ["v1"]


def test_exists_is_a_path_test_that_stays_in_the_folder(tmp_path: Path):
    inside = tmp_path / "models"
    inside.mkdir()
    (tmp_path / "outside.ckpt").write_bytes(b"x")
    (inside / "folder").mkdir()
    catalog = Catalog(inside)
    assert catalog.exists("")
    assert catalog.exists("folder")
    assert not catalog.exists("../outside.ckpt")
    assert not catalog.exists(str(tmp_path / "outside.ckpt"))
    assert not catalog.exists("a\0b")
    assert catalog.sha256("../outside.ckpt") == b""


def test_sha256_is_that_of_the_file(tmp_path: Path):
    (tmp_path / "mine.ckpt").write_bytes(b"content")
    catalog = Catalog(tmp_path)
    assert catalog.sha256("mine.ckpt") == hashlib.sha256(b"content").digest()
    assert catalog.sha256("absent.ckpt") == b""


def test_find_prefers_the_requests_own_first_entry(catalog: Catalog):
    file = "fjord_1_quick_q8p.ckpt"
    own = [{"file": file, "name": "first"}, {"file": file, "name": "second"}]
    found = catalog.find("models", file, own)
    assert found is not None
    assert found["name"] == "first"


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ({"file": "a", "prefix": "", "version": "v1"}, "has no 'name'"),
        ({"name": "a", "file": "a", "prefix": "", "version": "sdxlBase"}, "'version'"),
        ({"name": "a", "file": 3, "prefix": "", "version": "v1"}, "'file'"),
        ({"name": "a", "file": "a", "prefix": "", "version": "v1", "weight": 0.6}, "'weight'"),
        ("a", "is not an object"),
    ],
)
def test_read_says_why_an_element_is_dropped(element: object, reason: str):
    reading = specifications.read("loras", json.dumps([element]).encode())
    assert reading.specifications == ()
    assert reason in reading.dropped[0]


@pytest.mark.parametrize("data", [b"{}", b"[", b"\xff", b"[" * 100_000])
def test_read_of_what_is_no_array_gives_nothing(data: bytes):
    assert specifications.read("models", data).specifications == ()
