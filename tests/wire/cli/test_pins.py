"""Pinned certificates on the command line: shown, kept, listed, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drawbridge.client.connection.channel import draw_things_root
from drawbridge.client.store.pins import Pin, Pins
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
Run = Callable[..., Any]


@pytest.fixture
def folder(plain_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of a person who has pinned nothing yet."""
    monkeypatch.setenv("DRAWBRIDGE_STORE", str(tmp_path))
    monkeypatch.setenv("DRAWBRIDGE_TRANSPORT", "pinned")
    return tmp_path


def _run(run: Run, emulator: Emulator, *arguments: object) -> Any:
    return run(None, *arguments, "--port", emulator.port)


def test_a_certificate_is_shown_when_it_is_pinned_and_then_listed(
    serve: Serve, run: Run, folder: Path
) -> None:
    emulator = serve(tls=True)
    first = _run(run, emulator, "echo")
    assert first.code == 0, first.err
    [pin] = Pins(folder).all()
    assert (
        f"is trusted from now on; compare its fingerprint with the server's: {pin.fingerprint}"
        in first.err
    )
    assert pin.fingerprint not in _run(run, emulator, "echo").err
    listed = run(None, "pins")
    assert listed.out.splitlines() == [
        f"{emulator.address}  since {pin.first_seen}",
        f"  {pin.fingerprint}",
    ]
    told = {"address": pin.address, "fingerprint": pin.fingerprint, "first_seen": pin.first_seen}
    assert run(None, "pins", "list", "--json").json == {"pins": [{**told, "is_public": False}]}


def test_a_script_is_told_of_a_new_pin(serve: Serve, run: Run, folder: Path) -> None:
    emulator = serve(tls=True)
    [note] = _run(run, emulator, "echo", "--json").json["notes"]
    assert Pins(folder).all()[0].fingerprint in note
    assert "notes" not in _run(run, emulator, "echo", "--json").json


def test_another_certificate_ends_with_its_own_code_until_the_pin_is_forgotten(
    serve: Serve, run: Run, folder: Path
) -> None:
    emulator = serve(tls=True)
    pins, old = Pins(folder), Pin.of(emulator.address, draw_things_root().decode())
    pins.put(old)
    refused = _run(run, emulator, "echo", "--json")
    assert refused.code == 4
    assert "another certificate" in refused.json["error"]["problem"]
    assert f"drawbridge pins forget {emulator.address}" in refused.json["error"]["remedy"]
    assert emulator.journal.events("call") == []
    assert run(None, "pins", "forget", emulator.address).code == 0
    assert _run(run, emulator, "echo").code == 0
    assert pins.all()[0].fingerprint != old.fingerprint


def test_doctor_says_whether_the_certificate_is_known(serve: Serve, run: Run, folder: Path) -> None:
    emulator = serve(tls=True)
    for words in ("seen for the first time and pinned now", "pinned on 20"):
        done = _run(run, emulator, "doctor", "--json")
        assert done.code == 0, done.out
        [step] = [one for one in done.json["steps"] if one["step"] == "encryption"]
        assert words in step["detail"]
        assert step["detail"].endswith(Pins(folder).all()[0].fingerprint)


def test_doctor_fails_at_encryption_where_a_client_certificate_is_wanted(
    serve: Serve, run: Run, folder: Path
) -> None:
    emulator = serve(tls=True, require_client_certificate=True)
    done = _run(run, emulator, "doctor", "--json")
    assert done.code == 4
    assert [one["status"] for one in done.json["steps"]] == ["ok", "ok", "failed"]
    assert "wants a client certificate" in done.json["error"]["problem"]
    assert Pins(folder).all() == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("forget",), "address to forget is missing"),
        (("forget", "mac.local:7859"), "No certificate is pinned for mac.local:7859"),
        (("list", "mac.local:7859"), "nothing to do with it"),
        (("add",), "invalid choice"),
    ],
)
def test_what_cannot_be_meant_is_said(
    run: Run, folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run(None, "pins", *arguments)
    assert done.code == 2
    assert words in done.err


def test_no_pins_are_listed_as_none(run: Run, folder: Path) -> None:
    assert run(None, "pins").out == "No certificate is pinned.\n"
    assert run(None, "pins", "--json").json == {"pins": []}
