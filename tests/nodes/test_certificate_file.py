"""A certificate's file that waits stops neither the queue nor its interruption."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from standin.outcomes import assert_failed
from standin.stage import Stage, graph

from drawbridge.client.store import pem_file
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Return a file whose contents never come while the test runs."""
    forever = threading.Event()
    monkeypatch.setattr(pem_file, "_read", lambda path: forever.wait() and b"")
    monkeypatch.setattr(pem_file.read, "__defaults__", (1.0,))
    path = tmp_path / "gone.pem"
    path.write_text("never seen")
    yield path
    forever.set()


def test_file_that_waits_is_an_error_at_connect(serve: Serve, stage: Stage, waiting: Path) -> None:
    emulator = serve(tls=True)
    began = time.monotonic()
    outcome = stage.host.run(
        graph(emulator.port, transport="own certificate authority", certificate=str(waiting))
    )
    assert_failed(outcome, "connect", "RequestRejected", "no certificate file")
    assert time.monotonic() - began < 10
    assert stage.host.run(graph(serve().port)).status == "success"


def test_file_that_waits_can_be_interrupted(
    serve: Serve, stage: Stage, waiting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pem_file.read, "__defaults__", (3.0,))
    emulator = serve(tls=True)
    began = time.monotonic()
    threading.Timer(3.5, stage.host.interrupt).start()  # after the fingerprint, which waits first
    outcome = stage.host.run(
        graph(emulator.port, transport="own certificate authority", certificate=str(waiting))
    )
    assert outcome.status == "interrupted"
    assert time.monotonic() - began < 5.5
