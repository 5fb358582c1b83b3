"""A certificate's file that waits stops neither the queue nor its interruption."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from standin.executor import Outcome
from standin.outcomes import assert_failed
from standin.stage import Stage, graph
from standin.validation import Prompt

from drawbridge.client.store import pem_file
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes.servers import connect_values

Serve = Callable[..., Emulator]


class Waiting:
    """A file whose contents never come while the test runs; `asked` says that somebody waits."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked = 0
        self.over = threading.Event()

    def read(self, path: Path) -> bytes:
        """Wait, as for a network disk that has gone away."""
        self.asked += 1
        self.over.wait()
        return b""


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Waiting]:
    path = tmp_path / "gone.pem"
    path.write_text("never seen")
    file = Waiting(path)
    monkeypatch.setattr(pem_file, "_read", file.read)
    monkeypatch.setattr(connect_values, "GLANCE_SECONDS", 0.02)
    yield file
    file.over.set()


def _graph(emulator: Emulator, file: Waiting) -> Prompt:
    where = {"transport": "own certificate authority", "certificate": str(file.path)}
    return graph(emulator.port, **where)


def test_file_that_waits_is_an_error_at_connect(
    serve: Serve, stage: Stage, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pem_file, "PATIENCE_SECONDS", 0.1)
    outcome = stage.host.run(_graph(serve(tls=True), waiting))
    assert_failed(outcome, "connect", "RequestRejected", "no certificate file")
    assert stage.host.run(graph(serve().port)).status == "success"


def test_file_that_waits_can_be_interrupted(
    serve: Serve, stage: Stage, waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fingerprint only glances at it: nothing could interrupt it there."""
    monkeypatch.setattr(pem_file, "PATIENCE_SECONDS", 250)
    outcomes: list[Outcome] = []
    prompt = _graph(serve(tls=True), waiting)
    running = threading.Thread(target=lambda: outcomes.append(stage.host.run(prompt)))
    running.start()
    while waiting.asked < 2:
        running.join(0.002)
    stage.host.interrupt()
    running.join(60)
    [outcome] = outcomes
    assert (outcome.status, outcome.node_id) == ("interrupted", "connect")
    assert stage.host.run(graph(serve().port)).status == "success"
