"""Servers of several kinds on this computer, and the ways to their doors."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Secret
from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.proto.service import generic_handler

Emulate = Callable[..., Emulator]
Serve = Callable[..., Endpoint]


@pytest.fixture
def emulate() -> Iterator[Emulate]:
    """Start emulators with the given options."""
    with contextlib.ExitStack() as stack:

        def start(**options: Any) -> Emulator:
            return stack.enter_context(Emulator(Options(**options)))

        yield start


@pytest.fixture
def door() -> Callable[..., Endpoint]:
    """Return the endpoint of an emulator."""

    def find(emulator: Emulator, secret: str | None = None) -> Endpoint:
        transport = Transport.OWN_CA if emulator.certificate else Transport.PLAINTEXT
        return Endpoint(
            *("127.0.0.1", emulator.port, transport, emulator.certificate or None),
            secret=Secret(secret) if secret else None,
        )

    return find


@dataclass(frozen=True)
class Identity:
    """A certificate, its key and the root above it, all PEM; a self-signed one is its own root."""

    root: bytes
    certificate: bytes
    key: bytes
    private: ec.EllipticCurvePrivateKey
    subject: x509.Name

    @property
    def credentials(self) -> grpc.ServerCredentials:
        return grpc.ssl_server_credentials([(self.key, self.certificate)])


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@pytest.fixture
def mint() -> Callable[..., Identity]:
    """Make a certificate, signed by another one or by itself, valid from and to some days from now.

    `authority` is whether it says that it may sign; None says nothing.
    """

    def make(
        common: str = "",
        names: tuple[str, ...] = (),
        issuer: Identity | None = None,
        authority: bool | None = None,
        days: tuple[int, int] = (-2, 2),
        private: ec.EllipticCurvePrivateKey | None = None,
    ) -> Identity:
        now = datetime.datetime.now(datetime.timezone.utc)
        private = private or ec.generate_private_key(ec.SECP256R1())
        kind = NameOID.COMMON_NAME if common else NameOID.ORGANIZATION_NAME
        subject = x509.Name([x509.NameAttribute(kind, common or "Nobody")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
        )
        if authority is not None:
            basic = x509.BasicConstraints(ca=authority, path_length=None)
            builder = builder.add_extension(basic, critical=True)
        if names:
            general = x509.SubjectAlternativeName([_general(name) for name in names])
            builder = builder.add_extension(general, critical=False)
        signed = builder.sign(issuer.private if issuer else private, hashes.SHA256())
        pem = signed.public_bytes(serialization.Encoding.PEM)
        key = private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return Identity(issuer.root if issuer else pem, pem, key, private, subject)

    return make


@pytest.fixture
def authority(mint: Callable[..., Identity]) -> Identity:
    """A root of one's own."""
    return mint("Test Authority", authority=True, days=(-9, 9))


@pytest.fixture
def identify(mint: Callable[..., Identity], authority: Identity) -> Callable[..., Identity]:
    """Make a certificate for a name, valid from and to some days from now."""
    return lambda name="127.0.0.1", start=-2, end=2: mint(
        name, (name,), authority, days=(start, end)
    )


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start gRPC servers of a servicer's methods, in plaintext or with an identity."""
    with contextlib.ExitStack() as stack:

        def start(servicer: object, identity: Identity | None = None, port: int = 0) -> Endpoint:
            server = grpc.server(futures.ThreadPoolExecutor(8))
            server.add_generic_rpc_handlers((generic_handler(servicer),))
            where = f"127.0.0.1:{port}"
            if identity is None:
                port = server.add_insecure_port(where)
            else:
                port = server.add_secure_port(where, identity.credentials)
            server.start()
            stack.callback(lambda: server.stop(None).wait())
            return Endpoint("127.0.0.1", port, Transport.PLAINTEXT)

        yield start
