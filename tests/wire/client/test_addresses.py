"""Every kind of protection, for servers that are called by name and by address."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drawbridge import errors
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection import channel
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.pins import Pins
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import DrawbridgeError

Emulate = Callable[..., Emulator]
_NAME = "studio.example"
_HOSTS = ["127.0.0.1", "::1", "localhost", _NAME]
# A name with system certificates is looked up by gRPC itself, past what a test can put in its way.
_TRUSTING = [
    (transport, host)
    for transport in (Transport.OWN_CA, Transport.SYSTEM)
    for host in _HOSTS
    if (transport, host) != (Transport.SYSTEM, _NAME)
]


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a name for this computer that no name server knows."""
    look_up = socket.getaddrinfo

    def found(host: Any, *given: Any, **named: Any) -> Any:
        return look_up("127.0.0.1" if host == _NAME else host, *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", found)
    for proxy in ("grpc_proxy", "https_proxy", "http_proxy"):
        monkeypatch.delenv(proxy, raising=False)


@pytest.fixture
def listening(emulate: Emulate) -> Callable[..., Emulator]:
    """Start an emulator where the host will be looked for."""

    def start(host: str, **options: Any) -> Emulator:
        if ":" in host and not _has_ipv6():
            pytest.skip("this computer has no IPv6 loopback")
        return emulate(host=host if ":" in host else "127.0.0.1", **options)

    return start


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True


def _endpoint(
    host: str,
    transport: Transport,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
) -> Endpoint:
    """Return an endpoint that trusts the emulator's root, each transport in its own way."""
    (folder / "root.pem").write_bytes(emulator.certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(folder / "root.pem"))
    monkeypatch.setattr(channel, "draw_things_root", lambda: emulator.certificate)
    certificate = emulator.certificate if transport is Transport.OWN_CA else None
    return Endpoint(host, emulator.port, transport, certificate)


async def _greet(endpoint: Endpoint) -> str:
    async with DrawThingsClient(endpoint, pins=Pins(None)) as client:
        return (await client.echo()).message


async def test_localhost_is_this_computer_whatever_a_name_server_says(
    listening: Callable[..., Emulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo

    def lie(host: Any, *given: Any, **named: Any) -> Any:
        foreign = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))
        return [foreign, *look_up("127.0.0.1", *given, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", lie)
    endpoint = Endpoint("localhost.", listening("127.0.0.1").port, Transport.PLAINTEXT)
    assert await channel.resolve(endpoint) == ["127.0.0.1"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **n: lie("", 0)[:1])
    with pytest.raises(OSError, match="no IP address for localhost"):
        await channel.resolve(endpoint)
    assert await channel.resolve(Endpoint("mac.local")) == ["192.0.2.1"]


@pytest.mark.parametrize("host", _HOSTS)
async def test_a_server_in_plaintext_is_reached(
    listening: Callable[..., Emulator], host: str
) -> None:
    emulator = listening(host)
    assert await _greet(Endpoint(host, emulator.port, Transport.PLAINTEXT))


@pytest.mark.parametrize("transport", [Transport.DRAW_THINGS, Transport.PINNED])
@pytest.mark.parametrize("host", _HOSTS)
async def test_a_server_as_it_comes_is_reached(
    listening: Callable[..., Emulator],
    host: str,
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    emulator = listening(host, tls=True)
    assert await _greet(_endpoint(host, transport, emulator, monkeypatch, tmp_path))


@pytest.mark.parametrize(("transport", "host"), _TRUSTING)
async def test_a_certificate_for_the_host_is_trusted(
    listening: Callable[..., Emulator],
    host: str,
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    emulator = listening(host, tls=True, certificate_names=(host,))
    assert await _greet(_endpoint(host, transport, emulator, monkeypatch, tmp_path))


@pytest.mark.parametrize(("transport", "host"), _TRUSTING)
async def test_a_certificate_for_other_hosts_is_refused(
    listening: Callable[..., Emulator],
    host: str,
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    others = ("other.example", "127.0.0.2", "::2", "*.example.com")
    emulator = listening(host, tls=True, certificate_names=others)
    with pytest.raises(DrawbridgeError) as caught:
        await _greet(_endpoint(host, transport, emulator, monkeypatch, tmp_path))
    assert type(caught.value) is errors.TlsMismatch
    assert f"made for another name than {host}." in caught.value.problem
    assert emulator.journal.events("call") == []


@pytest.mark.parametrize("host", _HOSTS)
async def test_a_pinned_certificate_may_be_for_other_hosts(
    listening: Callable[..., Emulator], host: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    emulator = listening(host, tls=True, certificate_names=("other.example",))
    assert await _greet(_endpoint(host, Transport.PINNED, emulator, monkeypatch, tmp_path))


async def test_a_name_does_not_stand_for_its_address_nor_the_other_way(
    emulate: Emulate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for host, certified in (("127.0.0.1", "localhost"), ("localhost", "127.0.0.1")):
        emulator = emulate(tls=True, certificate_names=(certified,))
        endpoint = _endpoint(host, Transport.OWN_CA, emulator, monkeypatch, tmp_path)
        with pytest.raises(errors.TlsMismatch, match="another name"):
            await _greet(endpoint)
