"""Servers that want a client certificate, and what is said where they do not get the right one."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from drawbridge import errors
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection import channel
from drawbridge.client.connection.diagnosis import describe
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.connection.finding import Finding
from drawbridge.client.connection.probe import look
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Identity, Secret
from drawbridge.client.store.identity import check_identity
from drawbridge.client.store.pins import Pins
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import DrawbridgeError

Mint = Callable[..., Any]
Emulate = Callable[..., Emulator]
_ENCRYPTED = [Transport.OWN_CA, Transport.DRAW_THINGS, Transport.PINNED]


def _identity(minted: Any) -> Identity:
    return Identity(minted.certificate, Secret(minted.key.decode()))


def _endpoint(port: int, transport: Transport, root: bytes, identity: Identity | None) -> Endpoint:
    certificate = root if transport is Transport.OWN_CA else None
    return Endpoint("127.0.0.1", port, transport, certificate, identity=identity)


async def _greet(endpoint: Endpoint) -> str:
    async with DrawThingsClient(endpoint, pins=Pins(None)) as client:
        return (await client.echo()).message


async def _refusal(endpoint: Endpoint) -> DrawbridgeError:
    with pytest.raises(DrawbridgeError) as caught:
        await _greet(endpoint)
    return caught.value


@pytest.fixture
def strict_server(emulate: Emulate, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An emulator that wants a client certificate of its own root."""
    emulator = emulate(tls=True, require_client_certificate=True)
    monkeypatch.setattr(channel, "draw_things_root", lambda: emulator.certificate)
    return emulator


@pytest.mark.parametrize("transport", _ENCRYPTED)
async def test_a_server_that_wants_a_certificate_gets_it(
    strict_server: Emulator, transport: Transport
) -> None:
    root, shown = strict_server.certificate, strict_server.new_client()
    identity = Identity(shown.certificate, Secret(shown.key.decode()))
    message = await _greet(_endpoint(strict_server.port, transport, root, identity))
    assert message == "HELLO Drawbridge"


@pytest.mark.parametrize("transport", _ENCRYPTED)
async def test_a_server_that_gets_no_certificate_says_nothing_but_we_do(
    strict_server: Emulator, transport: Transport
) -> None:
    error = await _refusal(
        _endpoint(strict_server.port, transport, strict_server.certificate, None)
    )
    assert type(error) is errors.TlsMismatch
    assert "wants a client certificate and gets none" in error.problem
    assert "credential" in error.remedy


@pytest.mark.parametrize("transport", _ENCRYPTED)
async def test_a_certificate_of_another_authority_is_not_accepted(
    strict_server: Emulator, transport: Transport, mint: Mint
) -> None:
    endpoint = _endpoint(
        *(strict_server.port, transport, strict_server.certificate),
        _identity(mint("client", authority=True)),
    )
    error = await _refusal(endpoint)
    assert type(error) is errors.TlsMismatch
    assert "does not accept the one that was sent" in error.problem


async def test_a_server_may_trust_clients_of_another_authority_than_its_own(
    emulate: Emulate, authority: Any, mint: Mint
) -> None:
    emulator = emulate(tls=True, require_client_certificate=True, client_authority=authority.root)
    for shown, welcome in (
        (_identity(mint("client", issuer=authority)), True),
        (
            Identity(emulator.new_client().certificate, Secret(emulator.new_client().key.decode())),
            False,
        ),
    ):
        endpoint = _endpoint(emulator.port, Transport.OWN_CA, emulator.certificate, shown)
        if welcome:
            assert await _greet(endpoint)
        else:
            assert type(await _refusal(endpoint)) is not errors.ServerUnreachable


async def test_a_certificate_does_no_harm_where_none_is_wanted(
    emulate: Emulate, mint: Mint
) -> None:
    shown = _identity(mint("client"))
    plain, secure = emulate(), emulate(tls=True)
    assert await _greet(Endpoint("127.0.0.1", plain.port, Transport.PLAINTEXT, identity=shown))
    assert await _greet(_endpoint(secure.port, Transport.OWN_CA, secure.certificate, shown))


class _Listener:
    """Speaks TLS as OpenSSL does, which tells a client what it has against its certificate."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._socket.getsockname()[1]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.settimeout(5)
            with contextlib.suppress(OSError):
                try:
                    with self._context.wrap_socket(connection, server_side=True) as shaken:
                        shaken.sendall(bytes(9))
                        shaken.recv(1)
                finally:
                    connection.close()


@pytest.fixture
def listen(authority: Any, mint: Mint, tmp_path: Path) -> Iterator[Callable[..., int]]:
    """Listen at a port with TLS of a version, for clients of the authority only."""
    with contextlib.ExitStack() as stack:

        def start(version: ssl.TLSVersion, certificate: Any = None) -> int:
            identity = certificate or mint("127.0.0.1", ("127.0.0.1", "localhost"), authority)
            (tmp_path / "server.pem").write_bytes(identity.certificate + identity.key)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tmp_path / "server.pem")
            context.minimum_version = context.maximum_version = version
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=authority.root.decode())
            context.set_alpn_protocols(["h2"])
            listener = _Listener(context)
            stack.callback(listener.close)
            return listener.port

        yield start


@pytest.mark.parametrize("transport", [Transport.OWN_CA, Transport.PINNED])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
@pytest.mark.parametrize(
    ("shown", "finding"),
    [
        ("none", Finding.IDENTITY_WANTED),
        ("good", Finding.NOTHING_WRONG),
        ("of another authority", Finding.IDENTITY_REFUSED),
        ("expired", Finding.IDENTITY_REFUSED),
    ],
)
async def test_what_a_server_says_of_a_certificate_is_understood(
    listen: Callable[..., int],
    authority: Any,
    mint: Mint,
    transport: Transport,
    version: ssl.TLSVersion,
    shown: str,
    finding: Finding,
) -> None:
    identity = {
        "none": lambda: None,
        "good": lambda: _identity(mint("client", issuer=authority)),
        "of another authority": lambda: _identity(mint("client", authority=True)),
        "expired": lambda: _identity(mint("client", issuer=authority, days=(-4, -2))),
    }[shown]()
    endpoint = _endpoint(listen(version), transport, authority.root, identity)
    seen = await look(endpoint, 5)
    assert seen.finding is finding
    assert type(describe(endpoint, seen)) is (
        errors.ServerUnreachable if shown == "good" else errors.TlsMismatch
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
async def test_plaintext_towards_a_server_that_wants_a_certificate_is_told_from_silence(
    listen: Callable[..., int], version: ssl.TLSVersion
) -> None:
    seen = await look(Endpoint("127.0.0.1", listen(version), Transport.PLAINTEXT), 5)
    assert seen.finding is Finding.WANTS_TLS


def _encrypted(identity: Any, form: serialization.PrivateFormat) -> Identity:
    locked = identity.private.private_bytes(
        serialization.Encoding.PEM, form, serialization.BestAvailableEncryption(b"word")
    )
    return Identity(identity.certificate, Secret(locked.decode()))


@pytest.mark.parametrize(
    "form",
    [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL],
    ids=str,
)
async def test_an_encrypted_key_is_refused_without_a_question(
    emulate: Emulate, mint: Mint, form: serialization.PrivateFormat
) -> None:
    emulator = emulate(tls=True)
    shown = _encrypted(mint("client"), form)
    error = await _refusal(_endpoint(emulator.port, Transport.OWN_CA, emulator.certificate, shown))
    assert type(error) is errors.RequestRejected
    assert "is encrypted" in error.problem
    assert "openssl pkey" in error.remedy


@pytest.mark.parametrize(
    ("certificate", "key", "words"),
    [
        ("its own", "another", "do not belong together"),
        ("nonsense", "its own", "certificate cannot be read"),
        ("damaged", "its own", "certificate cannot be read"),
        ("\N{LATIN SMALL LETTER U WITH DIAERESIS}", "its own", "certificate cannot be read"),
        ("its own", "nonsense", "key of the client certificate cannot be read"),
        ("its own", "damaged", "key of the client certificate cannot be read"),
    ],
)
def test_what_cannot_be_an_identity_is_refused_and_shown_nowhere(
    mint: Mint, certificate: str, key: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = mint("client"), mint("client")
    pems = {"its own": one.certificate, "damaged": one.certificate[:60] + one.certificate[80:]}
    keys = {"its own": one.key, "another": other.key, "damaged": one.key[:60] + one.key[90:]}
    identity = Identity(
        pems.get(certificate, certificate.encode()), Secret(keys.get(key, key.encode()).decode())
    )
    with pytest.raises(errors.RequestRejected, match=words) as caught:
        check_identity(identity)
    assert caught.value.__context__ is None
    assert "PRIVATE" not in repr(identity)


def test_a_key_stays_on_no_disk(
    mint: Mint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    check_identity(_identity(mint("client")))
    with pytest.raises(errors.RequestRejected):
        check_identity(Identity(mint("client").certificate, Secret(mint("client").key.decode())))
    assert list(tmp_path.iterdir()) == []


def test_an_endpoint_does_not_show_its_key(mint: Mint) -> None:
    endpoint = Endpoint("mac.local", identity=_identity(mint("client")))
    assert endpoint.identity is not None
    for shown in (repr(endpoint), str(dataclasses.asdict(endpoint)), repr(endpoint.identity)):
        assert "PRIVATE" not in shown
