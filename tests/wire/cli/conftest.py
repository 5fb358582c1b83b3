"""Emulated servers, and commands that are run in this process or in one of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drawbridge.cli.main import main
from drawbridge.emulator.server.server import Emulator, Options

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the one object on stdout."""
        return json.loads(self.out)


@pytest.fixture
def serve() -> Iterator[Callable[..., Emulator]]:
    """Start emulators with the options given; they end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(Options(**options)))


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the environment of the tests says about servers."""
    for name in list(os.environ):
        if name.startswith("DRAWBRIDGE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], plain_environment: None) -> Callable[..., Done]:
    """Run a command in this process against an emulator, in plaintext unless told otherwise."""

    def call(emulator: Emulator | None, *arguments: object) -> Done:
        given = [str(argument) for argument in arguments]
        if emulator is not None:
            given += ["--port", str(emulator.port)]
            if "--transport" not in given and "--certificate" not in given:
                given += ["--transport", "plaintext"]
        code = main(given)
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return call


@pytest.fixture
def start(plain_environment: None) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a command in a process of its own, from the checkout."""
    processes: list[subprocess.Popen[str]] = []

    def call(*arguments: object, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "cli", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        processes.append(process)
        return process

    yield call
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
