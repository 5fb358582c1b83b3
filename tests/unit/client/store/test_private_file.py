"""Private files: who may read them, and that they are whole at any time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import drawbridge
from drawbridge.client.store import private_file
from drawbridge.client.store.private_file import PrivateFile
from drawbridge.errors import StoreUnusable

_ROOT = Path(str(drawbridge.__file__)).parent
_WORD = "sesame-4711"
_COUNT = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
import checkout
checkout.register()
from drawbridge.client.store.private_file import PrivateFile
def count(kept):
    kept["n"] = kept.get("n", 0) + 1
for _ in range(25):
    PrivateFile(Path({path!r})).update(count)
"""
posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


@pytest.fixture
def file(tmp_path: Path) -> PrivateFile:
    return PrivateFile(tmp_path / "folder" / "kept.json")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def count(kept: dict[str, Any]) -> None:
    kept["n"] = kept.get("n", 0) + 1


def test_what_is_kept_comes_back(file: PrivateFile) -> None:
    assert file.read() == {}
    assert not file.path.parent.exists()  # reading leaves no traces
    file.update(lambda kept: kept.update(name="Ä\ud800"))
    assert PrivateFile(file.path).read() == {"name": "Ä\ud800"}
    file.update(lambda kept: kept.clear())
    assert file.read() == {}


@posix
def test_file_and_folder_are_private(file: PrivateFile) -> None:
    previous = os.umask(0)
    try:
        file.update(count)
    finally:
        os.umask(previous)
    assert mode(file.path.parent) == 0o700
    assert all(mode(path) == 0o600 for path in file.path.parent.iterdir())


@posix
def test_folder_of_everybody_stays_everybodys(tmp_path: Path) -> None:
    """Else root would shut others out of /tmp, by naming it as the folder."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    PrivateFile(shared / "kept.json").update(count)
    assert shared.stat().st_mode & 0o7777 == 0o1777
    assert mode(shared / "kept.json") == 0o600


@posix
def test_link_in_the_place_of_the_lock_is_not_followed(file: PrivateFile, tmp_path: Path) -> None:
    file.update(count)
    lock = file.path.with_name(f"{file.path.name}.lock")
    lock.unlink()
    lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnusable, match="cannot be written"):
        file.update(count)
    assert not (tmp_path / "elsewhere").exists()


@posix
def test_file_that_others_may_read_becomes_private(file: PrivateFile) -> None:
    file.path.parent.mkdir(mode=0o755)
    file.path.write_text('{"n": 1}')
    file.path.chmod(0o644)
    assert file.read() == {"n": 1}
    assert mode(file.path) == 0o600
    file.path.chmod(0o664)
    file.update(count)
    assert (mode(file.path), mode(file.path.parent)) == (0o600, 0o700)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"null", b"\xff", b'{"n": NaN}', b"[" * 100_000, b"1" * 5000),
        *(b'{"n": 1e400}', b'{"n": [-1e999]}'),
    ],
)
def test_damaged_file_is_told_and_left_alone(file: PrivateFile, content: bytes) -> None:
    file.path.parent.mkdir()
    file.path.write_bytes(content)
    for attempt in (file.read, lambda: file.update(count)):
        with pytest.raises(StoreUnusable) as caught:
            attempt()
        assert str(file.path) in caught.value.problem
        assert caught.value.remedy
    assert file.path.read_bytes() == content


def test_file_that_is_too_large_is_told_and_left_alone(
    file: PrivateFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.update(count)
    before = file.path.read_bytes()
    monkeypatch.setattr(private_file, "MOST_BYTES", len(before))
    assert file.read() == {"n": 1}
    with pytest.raises(StoreUnusable, match="would be larger"):
        file.update(lambda kept: kept.update(more="x"))
    assert file.path.read_bytes() == before
    monkeypatch.setattr(private_file, "MOST_BYTES", len(before) - 1)
    with pytest.raises(StoreUnusable, match="is larger"):
        file.read()


def test_folder_in_the_place_of_the_file_is_told(file: PrivateFile) -> None:
    file.path.mkdir(parents=True)
    with pytest.raises(StoreUnusable, match="cannot be read"):
        file.read()


def test_file_in_the_place_of_the_folder_is_told(file: PrivateFile) -> None:
    file.path.parent.write_text("")
    with pytest.raises(StoreUnusable, match="cannot be written"):
        file.update(count)


@posix
def test_pipe_is_told_at_once(file: PrivateFile) -> None:
    file.path.parent.mkdir()
    os.mkfifo(file.path)
    with pytest.raises(StoreUnusable, match="cannot be read"):
        file.read()


def test_change_that_fails_changes_nothing(file: PrivateFile) -> None:
    file.update(count)

    def fail(kept: dict[str, Any]) -> None:
        kept["n"] = 7
        raise KeyError("n")

    with pytest.raises(KeyError):
        file.update(fail)
    assert file.read() == {"n": 1}
    file.update(count)  # and the lock is free again
    assert file.read() == {"n": 2}


def test_remains_of_a_killed_process_are_replaced(file: PrivateFile) -> None:
    file.update(count)
    (file.path.parent / "kept.json.new").write_text("half")
    file.update(count)
    assert file.read() == {"n": 2}
    assert sorted(path.name for path in file.path.parent.iterdir()) == [
        *("kept.json", "kept.json.lock")
    ]


def test_threads_lose_no_change(file: PrivateFile) -> None:
    def work() -> None:
        for _ in range(20):
            PrivateFile(file.path).update(count)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        file.read()  # is whole at any time
    for thread in threads:
        thread.join()
    assert file.read() == {"n": 80}


def test_processes_lose_no_change(file: PrivateFile) -> None:
    script = _COUNT.format(root=str(_ROOT), path=str(file.path))
    running = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert file.read() == {"n": 75}


def test_waiting_for_another_program_ends(file: PrivateFile) -> None:
    def change(kept: dict[str, Any]) -> None:
        with pytest.raises(StoreUnusable, match="busy"):
            PrivateFile(file.path, wait_seconds=0).update(count)
        kept["n"] = 5

    file.update(change)
    assert file.read() == {"n": 5}


def test_errors_hold_nothing_of_the_content(file: PrivateFile) -> None:
    file.path.parent.mkdir()
    file.path.write_text(json.dumps({"secret": _WORD})[:-1])
    with pytest.raises(StoreUnusable) as caught:
        file.read()
    assert caught.value.__context__ is None
    shown, frames = [], caught.value.__traceback__
    while frames is not None:
        if frames.tb_frame.f_globals["__name__"].startswith("drawbridge"):
            shown.append(repr(frames.tb_frame.f_locals))
        frames = frames.tb_next
    assert shown
    assert _WORD not in "".join(shown)
