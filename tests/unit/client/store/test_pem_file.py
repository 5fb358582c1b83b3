"""A PEM file is read whole, or refused at once: nothing that waits can hold up who reads it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from drawbridge.client.store import pem_file
from drawbridge.client.store.secret import MOST_PEM_BYTES


@pytest.mark.parametrize("size", [0, 1, MOST_PEM_BYTES])
def test_file_is_read_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file.pem"
    path.write_bytes(b"x" * size)
    assert pem_file.read(path) == b"x" * size


def test_larger_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.pem"
    path.write_bytes(b"x" * (MOST_PEM_BYTES + 1))
    with pytest.raises(ValueError, match="more than"):
        pem_file.read(path)


@pytest.mark.parametrize("name", ["missing", "folder", "pipe", "device"])
def test_what_is_no_regular_file_is_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = Path("/dev/zero") if name == "device" else tmp_path / name
    if name == "folder":
        path.mkdir()
    if name == "pipe":
        os.mkfifo(path)
    opened: list[Path] = []
    monkeypatch.setattr(pem_file, "open", opened.append, raising=False)
    with pytest.raises(OSError, match="no regular file"):
        pem_file.read(path)
    assert not opened


def test_regular_file_that_waits_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of a network disk that has gone away does."""
    path = tmp_path / "file.pem"
    path.write_bytes(b"x")
    forever = threading.Event()
    monkeypatch.setattr(pem_file, "_read", lambda path: forever.wait() and b"")
    with pytest.raises(TimeoutError):
        pem_file.read(path, 0.1)
    forever.set()


@pytest.mark.skipif(
    not os.access("/proc/kmsg", os.R_OK), reason="only root of Linux may open /proc/kmsg"
)
def test_regular_file_of_the_system_that_waits_is_refused() -> None:
    with pytest.raises((OSError, ValueError)) as caught:
        pem_file.read(Path("/proc/kmsg"), 250)
    assert not isinstance(caught.value, TimeoutError)
