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

from drawbridge.client.credentials import Secret
from drawbridge.client.endpoint import Endpoint, Transport
from drawbridge.emulator.server import Emulator, Options
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
    """A certificate of a new authority, all PEM."""

    root: bytes
    certificate: bytes
    key: bytes

    @property
    def credentials(self) -> grpc.ServerCredentials:
        return grpc.ssl_server_credentials([(self.key, self.certificate)])


@pytest.fixture
def identify() -> Callable[..., Identity]:
    """Make a certificate for a name, valid from and to some days from now."""

    def make(name: str = "127.0.0.1", start: int = -2, end: int = 2) -> Identity:
        now = datetime.datetime.now(datetime.timezone.utc)
        root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Authority")])
        leaf_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        try:
            general: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            general = x509.DNSName(name)

        def sign(
            subject: x509.Name,
            public: ec.EllipticCurvePublicKey,
            days: tuple[int, int],
            extension: x509.ExtensionType,
        ) -> bytes:
            builder = (
                x509.CertificateBuilder()
                .subject_name(subject)
                .issuer_name(root_name)
                .public_key(public)
                .serial_number(x509.random_serial_number())
                .not_valid_before(now + datetime.timedelta(days=days[0]))
                .not_valid_after(now + datetime.timedelta(days=days[1]))
                .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            )
            signed = builder.sign(root_key, hashes.SHA256())
            return signed.public_bytes(serialization.Encoding.PEM)

        authority = x509.BasicConstraints(ca=True, path_length=None)
        names = x509.SubjectAlternativeName([general])
        return Identity(
            sign(root_name, root_key.public_key(), (-9, 9), authority),
            sign(leaf_name, leaf_key.public_key(), (start, end), names),
            leaf_key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )

    return make


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start gRPC servers of a servicer's methods, in plaintext or with an identity."""
    with contextlib.ExitStack() as stack:

        def start(servicer: object, identity: Identity | None = None) -> Endpoint:
            server = grpc.server(futures.ThreadPoolExecutor(8))
            server.add_generic_rpc_handlers((generic_handler(servicer),))
            where = "127.0.0.1:0"
            if identity is None:
                port = server.add_insecure_port(where)
            else:
                port = server.add_secure_port(where, identity.credentials)
            server.start()
            stack.callback(lambda: server.stop(None).wait())
            return Endpoint("127.0.0.1", port, Transport.PLAINTEXT)

        yield start
