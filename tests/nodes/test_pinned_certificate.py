"""Connect with a pinned certificate: what is said, what is kept, what changes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import folder_paths
import pytest
from standin.outcomes import assert_failed
from standin.stage import Stage, graph

from drawbridge.client.store.pins import Pin, Pins
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
PINNED = "pinned certificate"


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Pins:
    """The pins of a person who has none yet."""
    monkeypatch.setattr(folder_paths, "_user_directory", str(tmp_path / "user"))
    return Pins(tmp_path / "user" / "__drawbridge")


def _said() -> list[str]:
    from server import PromptServer

    return [text for node, text in PromptServer.instance.texts if node == "connect"]


def test_certificate_is_pinned_and_said_once(serve: Serve, stage: Stage, pins: Pins) -> None:
    emulator = serve(tls=True)
    assert stage.host.run(graph(emulator.port, transport=PINNED)).status == "success"
    [pin] = pins.all()
    assert pin.address == emulator.address
    assert pin.fingerprint in _said()[-1]
    said = len(_said())
    again = stage.host.run(graph(emulator.port, transport=PINNED, seed=2))
    assert again.status == "success"
    assert "connect" not in again.executed
    assert len(_said()) == said


def test_another_certificate_is_said_at_connect_until_the_pin_is_forgotten(
    serve: Serve, stage: Stage, pins: Pins
) -> None:
    emulator, other = serve(tls=True), serve(tls=True)
    stage.host.run(graph(other.port, transport=PINNED))
    [pin] = pins.all()
    pins.put(Pin.of(emulator.address, pin.certificate))
    outcome = stage.host.run(graph(emulator.port, transport=PINNED))
    assert_failed(outcome, "connect", "TlsMismatch", "another certificate")
    assert emulator.journal.events("call") == []
    pins.forget(emulator.address)
    assert stage.host.run(graph(emulator.port, transport=PINNED)).status == "success"


def test_forgetting_a_pin_runs_connect_again(serve: Serve, stage: Stage, pins: Pins) -> None:
    emulator = serve(tls=True)
    stage.host.run(graph(emulator.port, transport=PINNED))
    pins.forget(emulator.address)
    again = stage.host.run(graph(emulator.port, transport=PINNED))
    assert "connect" in again.executed
    assert [pin.address for pin in pins.all()] == [emulator.address]


def test_damaged_pins_are_said_and_not_written_over(
    serve: Serve, stage: Stage, pins: Pins, tmp_path: Path
) -> None:
    file = tmp_path / "user" / "__drawbridge" / "pins.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"pins": 1}')
    outcome: Any = stage.host.run(graph(serve(tls=True).port, transport=PINNED))
    assert_failed(outcome, "connect", "StoreUnusable", "damaged")
    assert file.read_text() == '{"pins": 1}'
