"""What is known of a file before it is sent, and its pieces."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from drawbridge.client.upload.local_file import (
    CHUNK_BYTES,
    LONGEST_NAME_BYTES,
    HashCache,
    LocalFile,
    Pieces,
    check_name,
)
from drawbridge.errors import Cancelled, RequestRejected

DATA = bytes(range(241)) * 30_000  # six chunks and a part of one
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.ckpt"
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("a/b", "folder"),
        ("a\\b", "folder"),
        ("../model.ckpt", "folder"),
        ("..", "hidden"),
        (".", "hidden"),
        (".hidden", "hidden"),
        ("a\nb", "control"),
        ("a\0b", "control"),
        ("a\x9bb", "control"),
        ("a\u2028b", "control"),
        (" a", "space"),
        ("a ", "space"),
        ("\udc80", "readable"),
        ("é" * 126, "252 bytes"),
        ("custom.json", "list of the server's"),
        ("Custom_LoRA.json", "list of the server's"),
        ("custom_controlnet.json.part", "list of the server's"),
    ],
)
def test_name_that_is_none_is_refused(name: str, words: str) -> None:
    with pytest.raises(RequestRejected, match=words):
        check_name(name)


@pytest.mark.parametrize(
    "name", ["model.ckpt", "背景 v3.ckpt", "a..b", "x" * LONGEST_NAME_BYTES, "é" * 125]
)
def test_bare_name_is_taken_as_it_is(name: str) -> None:
    assert check_name(name) == name


def test_what_is_no_file_with_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, words in [("gone", "cannot be read"), ("", "not a file"), ("empty", "is empty")]:
        with pytest.raises(RequestRejected, match=words):
            LocalFile.look_at(tmp_path / name)
    with pytest.raises(RequestRejected, match="cannot be read"):
        LocalFile.look_at(tmp_path / "a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RequestRejected, match="not a file"):
        LocalFile.look_at(tmp_path / "pipe")


def test_hash_is_told_with_its_progress(path: Path) -> None:
    steps: list[int] = []
    assert LocalFile.look_at(path).sha256(steps.append, lambda: False) == SHA256
    assert steps == [4 * CHUNK_BYTES, len(DATA)]


def test_hashing_stops_when_told(path: Path) -> None:
    with pytest.raises(Cancelled):
        LocalFile.look_at(path).sha256(lambda _: None, lambda: True)


def test_hash_of_a_file_that_changed_is_refused(path: Path) -> None:
    seen = LocalFile.look_at(path)
    path.write_bytes(DATA[:-1])
    with pytest.raises(RequestRejected, match="changed"):
        seen.sha256(lambda _: None, lambda: False)
    path.unlink()
    with pytest.raises(RequestRejected, match="cannot be read"):
        seen.sha256(lambda _: None, lambda: False)


def test_pieces_are_the_file(path: Path) -> None:
    pieces = Pieces(LocalFile.look_at(path))
    chunks: list[bytes] = []
    while more := pieces.next():
        chunks += more
    assert {len(chunk) for chunk in chunks[:-1]} == {CHUNK_BYTES}
    assert b"".join(chunks) == DATA
    pieces.close()
    pieces.close()


def test_pieces_end_when_they_are_closed(path: Path) -> None:
    pieces = Pieces(LocalFile.look_at(path))
    pieces.next()
    pieces.close()
    with pytest.raises(Cancelled):
        pieces.next()


def test_closing_does_not_wait_for_a_read_and_is_done_after_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, reading, release = [], threading.Event(), threading.Event()

    class Slow:
        closed = False

        def read(self, size: int) -> bytes:
            reading.set()
            release.wait(10)
            assert not self.closed
            return b"x"

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr(LocalFile, "open", lambda _: opened.append(Slow()) or opened[0])
    pieces = Pieces(LocalFile.look_at(path))
    thread = threading.Thread(target=pieces.next)
    thread.start()
    assert reading.wait(10)
    pieces.close()
    assert not opened[0].closed
    release.set()
    thread.join(10)
    assert opened[0].closed


def test_cache_knows_a_file_until_it_changes(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "deep"
    seen = LocalFile.look_at(path)
    for cache in (HashCache(), HashCache(folder)):
        assert cache.find(seen) == ""
        cache.keep(seen, SHA256)
        assert cache.find(seen) == SHA256
    assert [one.name for one in folder.iterdir()] == ["hashes.json"]
    assert HashCache(folder).find(seen) == SHA256
    assert HashCache(folder).find(LocalFile(seen.path, seen.size_bytes, 1)) == ""
    assert HashCache(folder).find(LocalFile(seen.path, 1, seen.modified_ns)) == ""
    HashCache(folder).forget(seen)
    assert HashCache(folder).find(seen) == ""


def test_cache_stays_small(tmp_path: Path) -> None:
    cache = HashCache()
    files = [LocalFile(tmp_path / str(number), 1, 1) for number in range(1001)]
    for file in files:
        cache.keep(file, SHA256)
    assert [bool(cache.find(file)) for file in (files[0], files[1], files[-1])] == [0, 1, 1]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "nonsense", '{"a": 1}', '{"a": [1, 2, "zz"]}', '{"a": [1, 2, 3]}', "[" * 9999],
)
def test_cache_that_cannot_be_read_is_empty(path: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "hashes.json").write_text(text)
    cache = HashCache(tmp_path)
    seen = LocalFile.look_at(path)
    assert cache.find(seen) == ""
    cache.keep(seen, SHA256)
    assert HashCache(tmp_path).find(seen) == SHA256


def test_cache_without_a_place_goes_on_in_memory(path: Path, tmp_path: Path) -> None:
    cache = HashCache(path / "below a file")
    seen = LocalFile.look_at(path)
    cache.keep(seen, SHA256)
    assert cache.find(seen) == SHA256
