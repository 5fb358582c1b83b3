"""One command, several servers: all of them are used, and one that is missing costs no picture."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drawbridge.client.address import Address
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.client.store.servers import SavedServers
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
Run = Callable[..., Any]
SMALL = (
    *("generate", "--model", "sd_v1.5_f16.ckpt", "--prompt", "a lake", "--seed", 5),
    *("--width", 128, "--height", 128, "--steps", 4),
)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Emulator, str], None]:
    def put(emulator: Emulator, name: str) -> None:
        address = Address("127.0.0.1", emulator.port)
        SavedServers(tmp_path).put(Server(address, Transport.PLAINTEXT, name=name))

    return put


def generated(emulator: Emulator) -> int:
    return len(emulator.journal.events("finished"))


def test_pictures_are_shared(serve: Serve, run: Run, save: Any, tmp_path: Path) -> None:
    one, other, alone = serve(step_ms=40), serve(step_ms=40), serve()
    for emulator, name in ((one, "A"), (other, "B"), (alone, "C")):
        save(emulator, name)
    store, several = ("--store", tmp_path), ("--server", "A", "--server", "B")
    out = ("--out", tmp_path / "a.png", "--batch-count", 5)
    done = run(None, *SMALL, *out, *several, *store, "--json")
    assert done.code == 0, done.err
    assert min(generated(one), generated(other)) >= 1
    assert generated(one) + generated(other) == 5
    names = [Path(file).name for file in done.json["files"]]
    assert names == [f"a-{number}.png" for number in range(1, 6)]
    done = run(
        None, *SMALL, "--out", tmp_path / "b.png", "--batch-count", 5, "--server", "C", *store
    )
    assert done.code == 0, done.err
    for number in range(1, 6):
        one_file, other_file = tmp_path / f"a-{number}.png", tmp_path / f"b-{number}.png"
        assert one_file.read_bytes() == other_file.read_bytes()


def test_each_address_of_a_name_is_a_server(
    serve: Serve, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second_way = "::1" if sys.platform == "darwin" else "127.0.0.2"
    one = serve(step_ms=40)
    other = serve(step_ms=40, host=second_way, port=one.port)
    look_up = socket.getaddrinfo

    def told(host: Any, *rest: Any, **more: Any) -> Any:
        names = ("127.0.0.1", second_way) if host == "farm.test" else (host,)
        return [row for name in names for row in look_up(name, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", told)
    words = ("--out", tmp_path / "a.png", "--batch-count", 4, "--host", "farm.test")
    done = run(one, *SMALL, *words, "--each-address", "--json")
    assert done.code == 0, done.err
    assert min(generated(one), generated(other)) >= 1
    assert generated(one) + generated(other) == 4


def test_saved_server_says_how_many_requests_may_be_open(
    serve: Serve, run: Run, tmp_path: Path
) -> None:
    emulator = serve(step_ms=40)
    address = Address("127.0.0.1", emulator.port)
    SavedServers(tmp_path).put(Server(address, Transport.PLAINTEXT, name="Farm", at_once=2))
    words = ("--out", tmp_path / "a.png", "--batch-count", 4, "--server", "Farm")
    done = run(None, *SMALL, *words, "--store", tmp_path, "--json")
    assert done.code == 0, done.err
    calls = emulator.journal.events("call", rpc="GenerateImage")
    assert len({str(call["peer"]) for call in calls}) == 2


@pytest.mark.parametrize("off", ["A", "B"])
def test_server_that_is_off_costs_no_picture(
    serve: Serve, run: Run, save: Any, tmp_path: Path, off: str
) -> None:
    emulators = {"A": serve(step_ms=10), "B": serve(step_ms=10)}
    for name, emulator in emulators.items():
        save(emulator, name)
    emulators[off].stop()
    several = ("--server", "A", "--server", "B", "--store", tmp_path)
    done = run(None, *SMALL, "--out", tmp_path / "a.png", "--batch-count", 3, *several)
    assert done.code == 0, done.err
    assert len(list(tmp_path.glob("a-*.png"))) == 3


def test_picture_that_nobody_makes_is_told(
    serve: Serve, run: Run, save: Any, tmp_path: Path
) -> None:
    for name in ("A", "B"):
        save(serve(faults=("internal-error",)), name)
    several = ("--server", "A", "--server", "B", "--store", tmp_path)
    done = run(None, *SMALL, "--out", tmp_path / "a.png", *several)
    assert done.code != 0
    assert "failed" in done.err
    assert list(tmp_path.glob("*.png")) == []


def test_server_that_has_all_makes_the_plan(
    serve: Serve, run: Run, save: Any, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    models.mkdir()
    ink = {"name": "Ink", "file": "ink.ckpt", "prefix": "", "version": "v1"}
    (models / "custom_lora.json").write_text(json.dumps([ink]), encoding="utf-8")
    (models / "ink.ckpt").write_bytes(b"weights")
    lacks, has = serve(), serve(models=models, stock=True)
    save(lacks, "A")
    save(has, "B")
    several = ("--server", "A", "--server", "B", "--store", tmp_path, "--batch-count", 2)
    done = run(None, *SMALL, *several, "--out", tmp_path / "a.png", "--lora", "Ink")
    assert done.code == 0, done.err
    assert (generated(lacks), generated(has)) == (0, 2)
    assert "Left out: A. The server at" in done.err
    assert "The picture is made without" not in done.err
    done = run(None, *SMALL, *several, "--out", tmp_path / "b.png", "--lora", "Inkling")
    assert done.code == 0, done.err
    assert generated(lacks) + generated(has) == 4
    assert "has no LoRA Inkling. The picture is made without." in done.err
    assert "Left out" not in done.err
