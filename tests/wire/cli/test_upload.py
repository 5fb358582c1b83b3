"""Files from the command line to a server: sent, skipped, refused, interrupted, used."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from drawbridge.client.upload.local_file import LocalFile
from drawbridge.emulator.server import service
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.server.uploads import UploadRefused
from drawbridge.emulator.stock.entries import UNSPECIFIED_MODEL

Serve = Callable[..., Emulator]
Run = Callable[..., Any]
Start = Callable[..., "subprocess.Popen[str]"]

DATA = bytes(range(251)) * 20_000  # four chunks and a part of one
SHA256 = hashlib.sha256(DATA).hexdigest()
SPECIFICATION = {
    **{"name": "Mine", "file": "mine.ckpt", "prefix": "", "version": "v1"},
    **{"upcast_attention": False, "default_scale": 8},
}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, plain_environment: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep hashes away from those of the person who runs the tests."""
    folder = tmp_path / "store"
    monkeypatch.setenv("DRAWBRIDGE_STORE", str(folder))
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "here" / "mine.ckpt"
    path.parent.mkdir()
    path.write_bytes(DATA)
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    return folder


def test_file_arrives_and_its_use_is_explained(
    serve: Serve, run: Run, source: Path, models: Path
) -> None:
    emulator = serve(models=models)
    done = run(emulator, "upload", source)
    assert done.code == 0, done.err
    assert (models / "mine.ckpt").read_bytes() == DATA
    first, second, *rest = done.out.splitlines()
    assert first == f"mine.ckpt is on the server at {emulator.address} now."
    assert second == f"SHA-256: {SHA256}"
    assert "--specification" in rest[0]
    assert "(as in custom_lora.json)" in rest[0]
    assert "LoRA Stack" in rest[0]
    assert json.loads(rest[-1])["file"] == "mine.ckpt"


def test_progress_tells_reading_sending_and_checking(
    serve: Serve, run: Run, source: Path, models: Path
) -> None:
    lines = run(serve(models=models), "upload", source).err.splitlines()
    shares = [int(line.split("%")[0]) for line in lines]
    assert shares == sorted(shares)
    told = [line.split("%")[1].split()[0] for line in lines]
    assert list(dict.fromkeys(told)) == ["Reading", "Sending", "The"]
    assert lines[-2].endswith("Sending 5 of 5 MB")


def test_scripts_get_one_object(serve: Serve, run: Run, source: Path, models: Path) -> None:
    emulator = serve(models=models)
    done = run(emulator, "upload", source, "--name", "other.ckpt", "--json")
    assert done.code == 0
    assert done.json == {
        "address": emulator.address,
        "files": [
            {
                "file": str(source),
                "name": "other.ckpt",
                "size_bytes": len(DATA),
                "skipped": False,
                "sha256": SHA256,
                "known_as": None,
            }
        ],
    }
    assert [path.name for path in models.iterdir()] == ["other.ckpt"]


@pytest.mark.parametrize(
    ("content", "option", "skipped", "left"),
    [
        (b"another", (), True, b"another"),
        (DATA, ("--compare-hash",), True, DATA),
        (b"another", ("--compare-hash",), False, DATA),
    ],
    ids=["not compared", "same", "another"],
)
def test_file_of_that_name_is_replaced_only_if_compared_and_different(
    serve: Serve,
    run: Run,
    source: Path,
    models: Path,
    content: bytes,
    option: tuple[str, ...],
    skipped: bool,
    left: bytes,
) -> None:
    (models / "mine.ckpt").write_bytes(content)
    emulator = serve(models=models)
    done = run(emulator, "upload", source, *option, "--json")
    assert (done.code, done.json["files"][0]["skipped"]) == (0, skipped)
    assert bool(emulator.journal.events("call", rpc="UploadFile")) is not skipped
    assert [path.read_bytes() for path in models.iterdir()] == [left]
    assert ("already" in run(emulator, "upload", source, *option).out) is True


def test_several_files_go_one_after_the_other(
    serve: Serve, run: Run, source: Path, models: Path
) -> None:
    other = source.with_name("other.safetensors")
    other.write_bytes(b"short")
    done = run(serve(models=models), "upload", source, other)
    assert done.code == 0
    assert {path.name: path.read_bytes() for path in models.iterdir()} == {
        "mine.ckpt": DATA,
        "other.safetensors": b"short",
    }
    assert "imported in the app" in done.out
    assert "what is in mine.ckpt." in done.out


def test_file_that_the_server_knows_is_ready(serve: Serve, run: Run, source: Path) -> None:
    known = source.with_name("sd_v1.5_f16.ckpt")
    known.write_bytes(b"x")
    done = run(serve(), "upload", known)
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("The server knows sd_v1.5_f16.ckpt: it is")
    assert "--specification" not in done.out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: ("absent.ckpt",), "absent.ckpt cannot be read"),
        (lambda path: (path.parent,), "is not a file"),
        (lambda path: (path, "--name", "../up.ckpt"), "leads into a folder"),
        (lambda path: (path, "--name", "a\x07.ckpt"), "control characters"),
        (lambda path: (path, "--name", ".hidden.ckpt"), "hidden"),
        (lambda path: (path, path), "Two of the files are called mine.ckpt"),
        (lambda path: (path, "absent.ckpt"), "absent.ckpt cannot be read"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(
    serve: Serve, run: Run, source: Path, models: Path, change: Any, words: str
) -> None:
    emulator = serve(models=models)
    done = run(emulator, "upload", *change(source))
    assert done.code == 2
    assert words in done.err
    assert not emulator.journal.events("call")
    assert not list(models.iterdir())


def test_error_among_several_tells_which_arrived(
    serve: Serve, run: Run, source: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = source.with_name("other.ckpt")
    other.write_bytes(b"short")
    (models / "other.ckpt").mkdir()
    done = run(serve(models=models), "upload", source, other, "--compare-hash", "--json")
    assert done.code == 7
    assert [entry["name"] for entry in done.json["files"]] == ["mine.ckpt"]
    assert done.json["error"]["kind"] == "RequestRejected"


def test_wrong_secret_is_said_before_anything_is_sent(
    serve: Serve, run: Run, source: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = serve(models=models, secret="sesame-4711")
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", "wrong-4711")
    wrong = run(emulator, "upload", source, "--credential", "studio", "--json")
    monkeypatch.setenv("DRAWBRIDGE_SECRET_STUDIO", "sesame-4711")
    assert not emulator.journal.events("call", rpc="UploadFile")
    right = run(emulator, "upload", source, "--credential", "studio")
    assert (wrong.code, right.code) == (5, 0)
    assert wrong.json["error"]["kind"] == "SecretRejected"
    assert "4711" not in wrong.out + wrong.err + right.out + right.err


def test_hashes_are_kept_for_the_next_time(
    serve: Serve,
    run: Run,
    source: Path,
    store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = serve(), serve()
    assert run(first, "upload", source).code == 0
    if sys.platform != "win32":
        assert store.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in store.iterdir()} == {0o600}
    read: list[Path] = []
    monkeypatch.setattr(LocalFile, "sha256", lambda self, *_: read.append(self.path) or SHA256)
    assert run(second, "upload", source).code == 0
    assert read == []
    assert run(serve(), "upload", source, "--store", tmp_path / "elsewhere").code == 0
    assert read == [source]


class _Slow(service.Upload):
    """Receives the first pieces and then takes its time; `gone` says that nothing is left."""

    held = threading.Event()
    gone = threading.Event()

    def discard(self) -> None:
        super().discard()
        if self.received:
            self.gone.set()

    def take(self, content: bytes, offset: int) -> None:
        super().take(content, offset)
        if self.received > 2 << 20:
            self.held.wait(30)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let servers take no more than a part of an upload, until the test ends."""
    monkeypatch.setattr(service, "Upload", _Slow)
    for name in ("held", "gone"):
        monkeypatch.setattr(_Slow, name, threading.Event())
    yield
    _Slow.held.set()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for one process alone")
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_interruption_leaves_nothing_on_the_server(
    serve: Serve, start: Start, slow: None, source: Path, models: Path, more: tuple[str, ...]
) -> None:
    emulator = serve(models=models)
    process = start(
        *("upload", source, "--port", emulator.port, "--transport", "plaintext", *more),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "Sending" in line and "Sending 0" not in line:
            break
    assert [path.name for path in models.iterdir()] == ["mine.ckpt.part"]
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    if more:
        assert json.loads(out)["error"]["kind"] == "Interrupted"
    else:
        assert err.splitlines()[-1] == "Interrupted."
    _Slow.held.set()
    assert _Slow.gone.wait(30)
    assert not list(models.iterdir())


class _Cut(service.Upload):
    """Loses the connection of the first upload."""

    left = 1

    def take(self, content: bytes, offset: int) -> None:
        super().take(content, offset)
        if self.received > 2 << 20 and _Cut.left:
            _Cut.left -= 1
            raise UploadRefused(grpc.StatusCode.UNAVAILABLE, "Socket closed")


def test_lost_connection_is_told_and_mended(
    serve: Serve, run: Run, source: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "Upload", _Cut)
    monkeypatch.setattr(_Cut, "left", 1)
    emulator = serve(models=models)
    done = run(emulator, "upload", source)
    assert done.code == 0, done.err
    assert (models / "mine.ckpt").read_bytes() == DATA
    assert len(emulator.journal.events("call", rpc="UploadFile")) == 2
    lines = done.err.splitlines()
    again = lines.index("The connection was lost: mine.ckpt is sent once more.")
    assert lines[again + 1].endswith("Sending 0 of 5 MB")


def test_uploaded_model_generates_with_its_specification(
    serve: Serve, run: Run, source: Path, tmp_path: Path
) -> None:
    emulator, out, path = serve(strict=True), tmp_path / "out.png", tmp_path / "mine.json"
    path.write_text(json.dumps(SPECIFICATION), encoding="utf-8-sig")
    small = ("--prompt", "a lake", "--width", 192, "--height", 128, "--steps", 4, "-o", out)
    missing = run(emulator, "generate", *small, "--specification", path)
    assert missing.code == 6
    assert "lacks mine.ckpt" in missing.err
    assert run(emulator, "upload", source).code == 0
    alone = run(emulator, "generate", *small, "--model", "mine.ckpt")
    assert alone.code == 6
    assert "no specification" in alone.err
    done = run(emulator, "generate", *small, "--specification", path, "--json")
    assert done.code == 0, done.out
    assert (done.json["model"], done.json["version"]) == ("mine.ckpt", "v1")
    assert out.is_file()
    [call] = emulator.journal.events("call", rpc="GenerateImage")
    request: Any = call["request"]
    assert request["override"]["models"] == ["mine.ckpt"]


def test_specification_works_where_the_model_browser_is_off(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps({**SPECIFICATION, "file": UNSPECIFIED_MODEL}), encoding="utf-8")
    done = run(
        *(serve(strict=True, model_browser=False), "generate", "--specification", path),
        *("--prompt", "x", "--width", 128, "--height", 128, "--steps", 2),
        *("-o", tmp_path / "out.png"),
    )
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (json.dumps(SPECIFICATION), ("--model", "other.ckpt"), "not of other.ckpt"),
        (json.dumps(SPECIFICATION), ("--model-version", "flux1"), "version v1, not flux1"),
        (json.dumps({"file": "mine.ckpt"}), (), "lacks default_scale, name"),
        ("{", (), "not JSON"),
        (" " * (1 << 20) + "{}", (), "too large"),
    ],
)
def test_specification_of_no_use_is_refused_at_once(
    run: Run, tmp_path: Path, text: str, options: tuple[str, ...], words: str
) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="utf-8")
    given = ("--prompt", "x", "-o", tmp_path / "out.png", "--specification", path)
    done = run(None, "generate", *given, *options)
    assert done.code == 2
    assert words in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no terminals of this kind")
def test_terminal_gets_a_bar_for_every_phase(serve: Serve, source: Path, models: Path) -> None:
    import pty

    emulator = serve(models=models)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [
            *(sys.executable, "-W", "error", "-m", "cli", "upload", str(source)),
            *("--port", str(emulator.port), "--transport", "plaintext"),
        ],
        cwd=Path(__file__).resolve().parents[3],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    shown = bytearray()
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # how Linux says that nobody writes to a terminal any longer
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    bars = [bar for bar in shown.decode().split("\r") if bar.startswith("[")]
    for words in ("Reading", "Sending", "The server checks"):
        assert any(words in bar for bar in bars)
    assert "\n" not in shown.decode()
    assert shown.decode().split("\r")[-2].strip() == ""  # the bar is gone
    assert out.startswith("mine.ckpt is on the server")
