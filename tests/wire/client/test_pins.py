"""Certificates that are trusted when first seen: which, for how long, and before what is sent."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from drawbridge import errors
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection import tls_probe
from drawbridge.client.connection.dialer import Dialer
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Secret
from drawbridge.client.store.pins import Pin, Pins, fingerprint, note, shortened
from drawbridge.errors import DrawbridgeError
from drawbridge.proto import image_service_pb2 as pb2

Serve = Callable[..., Endpoint]
Mint = Callable[..., Any]
_SECRET = "sesame-4711"


class _Greeter:
    """Answers, and keeps in mind what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> pb2.EchoReply:
        self.told.append(request.sharedSecret)
        return pb2.EchoReply(message="HELLO")


def _pinned(endpoint: Endpoint, **changes: Any) -> Endpoint:
    changes = {"transport": Transport.PINNED, **changes}
    return dataclasses.replace(endpoint, **changes)


async def _connect(endpoint: Endpoint, pins: Pins) -> tuple[Pin, bool]:
    async with DrawThingsClient(endpoint, pins=pins) as client:
        assert (client.pin, client.pinned_now) == (None, False)
        assert (await client.echo()).message == "HELLO"
        assert client.pin is not None
        return client.pin, client.pinned_now


async def _refusal(endpoint: Endpoint, pins: Pins) -> DrawbridgeError:
    with pytest.raises(errors.TlsMismatch) as caught:
        async with DrawThingsClient(endpoint, pins=pins) as client:
            await client.echo()
    return caught.value


async def test_a_certificate_is_trusted_when_first_seen_and_known_from_then_on(
    serve: Serve, mint: Mint, tmp_path: Path
) -> None:
    identity = mint("studio", ("studio.example",), authority=True)
    endpoint = _pinned(serve(_Greeter(), identity))
    pin, new = await _connect(endpoint, Pins(tmp_path))
    assert new
    assert pin.address == endpoint.address
    assert pin.fingerprint == fingerprint(identity.certificate.decode())
    assert pin.fingerprint in note(pin, new)
    assert await _connect(endpoint, Pins(tmp_path)) == (pin, False)
    assert note(pin, False) == ""


@pytest.mark.parametrize("signed", ["by itself", "by an authority that is not sent"])
@pytest.mark.parametrize(
    ("common", "names"),
    [
        ("x", ("studio.example", "10.1.2.3")),
        ("x", ("10.1.2.3",)),
        ("x", ("fe80::1",)),
        ("x", ("*.studio.example",)),
        ("x", ("*", "127.0.0.1")),
        ("x", ("*", "localhost")),
        ("x", ("Studio.Example",)),
        ("studio.example", ()),
        ("My Mac Studio", ()),
        ("Büro", ()),
    ],
    ids=str,
)
async def test_any_name_that_a_certificate_carries_will_do(
    serve: Serve, mint: Mint, authority: Any, signed: str, common: str, names: tuple[str, ...]
) -> None:
    identity = mint(common, names, None if signed == "by itself" else authority)
    pin, _ = await _connect(_pinned(serve(_Greeter(), identity)), Pins(None))
    assert pin.certificate.encode() == identity.certificate


@pytest.mark.parametrize(("common", "names"), [("", ()), ("x", ("*",))])
async def test_a_certificate_without_a_name_is_refused_in_words(
    serve: Serve, mint: Mint, common: str, names: tuple[str, ...]
) -> None:
    error = await _refusal(_pinned(serve(_Greeter(), mint(common, names))), Pins(None))
    assert "carries no name" in error.problem


@pytest.mark.parametrize(("days", "words"), [((-4, -2), "expired"), ((2, 4), "not valid yet")])
async def test_a_certificate_out_of_its_time_is_not_pinned(
    serve: Serve, mint: Mint, days: tuple[int, int], words: str
) -> None:
    pins = Pins(None)
    endpoint = _pinned(serve(_Greeter(), mint("studio", ("studio",), days=days)))
    assert words in (await _refusal(endpoint, pins)).problem
    assert pins.all() == []


async def test_a_pinned_certificate_that_expires_is_said_to_have_expired(
    serve: Serve, mint: Mint
) -> None:
    identity = mint("studio", ("studio",), days=(-4, -2))
    endpoint = _pinned(serve(_Greeter(), identity))
    pins = Pins(None)
    pins.put(Pin.of(endpoint.address, identity.certificate.decode()))
    assert "has expired" in (await _refusal(endpoint, pins)).problem


@pytest.mark.parametrize(
    "other",
    ["self-signed", "same authority", "same key", "signed by it", "of an authority", "expired"],
)
async def test_another_certificate_is_refused_before_anything_is_sent(
    serve: Serve, mint: Mint, authority: Any, other: str
) -> None:
    names = ("studio.example",)
    pinned = mint("studio", names, authority if other == "same authority" else None, True)
    shown = {
        "self-signed": lambda: mint("studio", names, authority=True),
        "same authority": lambda: mint("studio", names, authority),
        "same key": lambda: mint("studio", names, authority=True, private=pinned.private),
        "signed by it": lambda: mint("other", names, pinned),
        "of an authority": lambda: mint("studio", names, authority),
        "expired": lambda: mint("other", names, pinned, days=(-4, -2)),
    }[other]()
    greeter = _Greeter()
    endpoint = _pinned(serve(greeter, shown), secret=Secret(_SECRET))
    pins = Pins(None)
    pins.put(Pin.of(endpoint.address, pinned.certificate.decode()))
    error = await _refusal(endpoint, pins)
    assert shortened(fingerprint(shown.certificate.decode())) in error.problem
    assert shortened(fingerprint(pinned.certificate.decode())) in error.problem
    assert f"pins forget {endpoint.address}" in error.remedy
    assert greeter.told == []
    if other == "expired":
        return
    # The person says that it is right.
    assert pins.forget(endpoint.address)
    pin, new = await _connect(endpoint, pins)
    assert new
    assert pin.certificate.encode() == shown.certificate
    assert greeter.told == [_SECRET]


async def test_grpc_itself_refuses_another_certificate_than_the_one_that_was_compared(
    serve: Serve, mint: Mint, authority: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An impostor who lets the first handshake through to the server, and takes the second."""
    pinned, shown = (mint("studio", ("studio.example",), authority) for _ in range(2))
    greeter = _Greeter()
    endpoint = _pinned(serve(greeter, shown), secret=Secret(_SECRET))
    pins, certificate = Pins(None), pinned.certificate.decode()
    pins.put(Pin.of(endpoint.address, certificate))
    seen = tls_probe.Probed(tls_probe.Finding.NOTHING_WRONG, "", certificate, "studio.example")
    monkeypatch.setattr(Dialer, "_compare", lambda self: asyncio.sleep(0, seen))
    with pytest.raises(DrawbridgeError):
        async with DrawThingsClient(endpoint, pins=pins) as client:
            await client.echo()
    assert greeter.told == []


async def test_two_that_see_a_server_at_the_same_time_agree_on_its_certificate(
    serve: Serve, mint: Mint, tmp_path: Path
) -> None:
    endpoint = _pinned(serve(_Greeter(), mint("studio", ("studio",))))
    seen = await asyncio.gather(*(_connect(endpoint, Pins(tmp_path)) for _ in range(4)))
    assert len({pin.fingerprint for pin, _ in seen}) == 1
    assert sum(new for _, new in seen) == 1


async def test_a_certificate_that_another_pinned_meanwhile_wins(
    serve: Serve, mint: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    greeter = _Greeter()
    endpoint = _pinned(serve(greeter, mint("studio", ("studio",))))
    pins, other = Pins(None), mint("studio", ("studio",))
    compare = Dialer._compare

    async def meanwhile(self: Dialer) -> Any:
        seen = await compare(self)
        pins.put(Pin.of(endpoint.address, other.certificate.decode()))
        return seen

    monkeypatch.setattr(Dialer, "_compare", meanwhile)
    assert "another certificate" in (await _refusal(endpoint, pins)).problem
    assert greeter.told == []


async def test_a_server_that_does_not_encrypt_is_not_pinned(serve: Serve) -> None:
    pins = Pins(None)
    error = await _refusal(_pinned(serve(_Greeter())), pins)
    assert "does not encrypt" in error.problem
    assert pins.all() == []


async def test_clients_share_the_pins_that_they_are_given_and_no_others(
    serve: Serve, mint: Mint
) -> None:
    endpoint = _pinned(serve(_Greeter(), mint("studio", ("studio",))))
    shared = Pins(None)
    for pins, new in ((shared, True), (shared, False), (None, True), (None, True)):
        async with DrawThingsClient(endpoint, pins=pins) as client:
            await client.echo()
            assert client.pinned_now is new


async def test_the_certificate_is_looked_at_beside_the_event_loop(
    serve: Serve, mint: Mint, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()
    look = tls_probe._shake

    def watched(*given: Any, **named: Any) -> Any:
        threads.add(threading.current_thread().name)
        return look(*given, **named)

    monkeypatch.setattr(tls_probe, "_shake", watched)
    await _connect(_pinned(serve(_Greeter(), mint("studio", ("studio",)))), Pins(None))
    assert threads
    assert threading.main_thread().name not in threads
