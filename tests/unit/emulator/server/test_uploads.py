"""Receiving a file: nothing but a whole, right one ever gets its name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import grpc
import pytest

from drawbridge.emulator.server.uploads import Upload, UploadRefused, is_bare_name

DATA = b"weights" * 1000
HASH = hashlib.sha256(DATA).digest()


def test_upload_gets_its_name_only_at_the_end(tmp_path: Path):
    upload = Upload(tmp_path)
    upload.begin("new.ckpt", len(DATA), HASH)
    upload.take(DATA[:500], 0)
    upload.take(DATA[500:], 500)
    assert [path.name for path in tmp_path.iterdir()] == ["new.ckpt.part"]
    upload.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["new.ckpt"]
    assert (tmp_path / "new.ckpt").read_bytes() == DATA


def test_upload_replaces_an_older_file(tmp_path: Path):
    (tmp_path / "new.ckpt").write_bytes(b"old")
    upload = Upload(tmp_path)
    upload.begin("new.ckpt", len(DATA), HASH)
    upload.take(DATA, 0)
    assert upload.finish().read_bytes() == DATA


@pytest.mark.parametrize(
    ("size", "sha256", "status", "details"),
    [
        (
            len(DATA) + 1,
            HASH,
            "INVALID_ARGUMENT",
            f"totalBytesReceived: {len(DATA)} expectedFileSize:{len(DATA) + 1}",
        ),
        (len(DATA), b"\0" * 32, "DATA_LOSS", "File validation failed"),
        (1, b"", "INVALID_ARGUMENT", "uploaded file size does not match expectation"),
    ],
)
def test_upload_that_is_not_what_was_announced_is_refused(
    tmp_path: Path, size: int, sha256: bytes, status: str, details: str
):
    upload = Upload(tmp_path)
    upload.begin("new.ckpt", size, sha256)
    upload.take(DATA, 0)
    with pytest.raises(UploadRefused) as refusal:
        upload.finish()
    upload.discard()
    assert refusal.value.status is grpc.StatusCode[status]
    assert details in refusal.value.details
    assert list(tmp_path.iterdir()) == []


def test_upload_out_of_order_is_refused(tmp_path: Path):
    upload = Upload(tmp_path)
    upload.begin("new.ckpt", len(DATA), HASH)
    with pytest.raises(UploadRefused, match="unexpected offset"):
        upload.take(DATA, 1)
    upload.discard()
    assert list(tmp_path.iterdir()) == []


def test_upload_without_a_beginning_is_refused(tmp_path: Path):
    with pytest.raises(UploadRefused, match="Failed to create file handle"):
        Upload(tmp_path).take(DATA, 0)
    with pytest.raises(UploadRefused, match="Missing File metadata"):
        Upload(tmp_path).finish()


def test_second_beginning_keeps_counting(tmp_path: Path):
    upload = Upload(tmp_path)
    upload.begin("one.ckpt", 3, b"")
    upload.take(b"abc", 0)
    upload.begin("two.ckpt", 3, b"")
    with pytest.raises(UploadRefused, match="unexpected offset"):
        upload.take(b"abc", 0)
    upload.take(b"abc", 3)
    upload.discard()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "/x",
        "C:x",
        "a\nb",
        "a\0b",
        "nul",
        "COM1.ckpt",
        "x.",
        "x" * 201,
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str):
    assert not is_bare_name(name)
    with pytest.raises(UploadRefused, match="Failed to create file handle"):
        Upload(tmp_path).begin(name, 1, b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.ckpt", "背景 v3.ckpt", ".hidden", "null.ckpt", "a..b"])
def test_bare_names_are_taken(name: str):
    assert is_bare_name(name)
