"""Saved servers on the command line, and which of them is meant where none is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
Serve = Callable[..., Any]


def save(run: Run, store: Path, name: str, *more: object) -> Any:
    return run(None, "servers", "save", name, "--store", store, *more)


def test_default_server_is_chosen_told_and_used(run: Run, serve: Serve, tmp_path: Path) -> None:
    emulator = serve()
    plain = ("--transport", "plaintext")
    assert save(run, tmp_path, "Mac", "--host", "127.0.0.1", "--port", 1, *plain).code == 0
    assert save(run, tmp_path, "Desk", "--port", emulator.port, *plain).code == 0
    said = run(None, "servers", "default", "--store", tmp_path)
    assert said.out.startswith("The default server is Mac  127.0.0.1:1 ")

    said = run(None, "servers", "default", "desk", "--store", tmp_path, "--json")
    assert (said.code, said.json["default"]) == (0, "Desk")
    listed = run(None, "servers", "list", "--store", tmp_path).out.splitlines()
    assert [line.endswith("  default") for line in listed] == [True, False]
    for named in ((), ("--server", "default")):
        echo = run(None, "echo", "--store", tmp_path, *named)
        assert echo.code == 0, echo.err
    assert run(None, "echo", "--store", tmp_path, "--server", "mac").code == 3


def test_saving_can_choose_at_once(run: Run, tmp_path: Path) -> None:
    save(run, tmp_path, "one", "--host", "a.local")
    save(run, tmp_path, "two", "--host", "b.local", "--default")
    assert run(None, "servers", "list", "--store", tmp_path, "--json").json["default"] == "two"


def test_saving_says_how_many_requests_may_be_open(run: Run, serve: Serve, tmp_path: Path) -> None:
    emulator = serve(step_ms=40)
    farm = ("--port", emulator.port, "--transport", "plaintext")
    assert "3 at once" in save(run, tmp_path, "Farm", *farm, "--at-once", 3).out
    assert "3 at once" in run(None, "servers", "list", "--store", tmp_path).out
    [entry] = run(None, "servers", "list", "--store", tmp_path, "--json").json["servers"]
    assert entry["at_once"] == 3
    copied = save(run, tmp_path, "Copy", "--server", "Farm", "--json").json["servers"]
    assert [one["at_once"] for one in copied] == [3, 3]
    done = run(
        *(None, "generate", "--server", "Farm", "--store", tmp_path, "--prompt", "x"),
        *("--model", "sd_v1.5_f16.ckpt", "--width", 128, "--height", 128, "--steps", 2),
        *("--batch-count", 6, "--out", tmp_path / "a.png"),
    )
    assert done.code == 0, done.err
    calls = emulator.journal.events("call", rpc="GenerateImage")
    assert len({str(call["peer"]) for call in calls}) == 3
    for wrong in (0, 1000):
        ended = save(run, tmp_path, "Farm", *farm, "--at-once", wrong)
        assert (ended.code, "at once" in ended.err) == (2, True)


def test_a_default_that_is_not_there_is_a_wrong_use(run: Run, tmp_path: Path) -> None:
    for words in (("default",), ("default", "nobody")):
        ended = run(None, "servers", *words, "--store", tmp_path)
        assert ended.code == 2, ended.out
        assert "saved" in ended.err
    assert run(None, "echo", "--server", "default", "--store", tmp_path).code == 2
