"""Makes throw-away certificates: for the server as Draw Things ships one, and for its clients.

The package trustme would do most of this, but refuses the name `*` that the real certificate has,
and puts an organization into every subject.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import DrawbridgeError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa

# Those of the certificate that Draw Things brings along (docs/protocol.md 8).
DRAW_THINGS_NAMES = ("localhost", "*", "127.0.0.1", "0.0.0.0")


@dataclass(frozen=True)
class Pair:
    """PEM bytes of a certificate and its private key."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Pair(...)"


class Authority:
    """A new root that signs certificates, all valid for a week.

    Raises DrawbridgeError where the package `cryptography` is missing.
    """

    def __init__(self) -> None:
        try:
            from cryptography import x509
        except ImportError as error:
            raise DrawbridgeError(
                "The emulator makes its own certificate, which needs the package 'cryptography'.",
                "Install it (pip install cryptography), or start the emulator without --tls.",
            ) from error

        self._name, self._key = _name("Drawbridge Emulator Root CA"), _new_key()
        authority = x509.BasicConstraints(ca=True, path_length=None)
        self._certificate = self._sign(self._name, self._key, authority, critical=True)

    @property
    def root(self) -> bytes:
        """Return the certificate that has to be trusted, as PEM."""
        return _pem(self._certificate)

    def server(self, names: Sequence[str] = ()) -> Pair:
        """Return a certificate for these names and IP addresses; without any, of the shape of the
        one that Draw Things comes with. Raises DrawbridgeError for what no certificate can hold.
        """
        from cryptography import x509

        names = names or DRAW_THINGS_NAMES
        try:
            alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
            subject = _name(names[0])
        except ValueError as error:
            raise DrawbridgeError(
                f"A certificate cannot be made for {', '.join(names)}.",
                "Give host names, in ASCII, and IP addresses.",
            ) from error
        return self._pair(subject, alternatives)

    def client(self) -> Pair:
        """Return a certificate with which a client can show who it is."""
        from cryptography import x509
        from cryptography.x509.oid import ExtendedKeyUsageOID

        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._pair(_name("Drawbridge Emulator Client"), usage)

    def _pair(self, subject: x509.Name, extension: x509.ExtensionType) -> Pair:
        from cryptography.hazmat.primitives import serialization

        key = _new_key()
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return Pair(_pem(self._sign(subject, key, extension, critical=False)), private)

    def _sign(
        self,
        subject: x509.Name,
        key: rsa.RSAPrivateKey,
        extension: x509.ExtensionType,
        critical: bool,
    ) -> x509.Certificate:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes

        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=7))
            .add_extension(extension, critical=critical)
            .sign(self._key, hashes.SHA256())
        )


def server_context(identity: Pair, clients: bytes | None = None) -> ssl.SSLContext:
    """Return the TLS of a real server (docs/protocol.md 1.10): 1.2 or newer, HTTP/2 or gRPC-Web.

    `clients` is the authority, as PEM, that every client has to show a certificate of. Raises
    DrawbridgeError where a certificate or key cannot be used, or they do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with _written(identity.certificate) as certificate, _written(identity.key) as key:
            # With a password, even an empty one, none is asked for on the terminal.
            context.load_cert_chain(certificate, key, password="")
        if clients is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.decode("ascii", "replace"))
    except ssl.SSLError as error:
        raise DrawbridgeError(
            f"The certificate, its key or the clients' authority cannot be used: {error.reason}.",
            "Give PEM files, without a password, of a certificate and the key that belongs to it.",
        ) from error
    return context


@contextlib.contextmanager
def _written(data: bytes) -> Iterator[str]:
    """Write bytes to a temporary file of this user alone: the library reads nothing else."""
    number, path = tempfile.mkstemp(prefix="drawbridge-")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
        yield path
    finally:
        Path(path).unlink()


def _new_key() -> rsa.RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    # 2048 bits instead of the real 4096: made in a moment, and trusted by nobody for long.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(text: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general(name: str) -> x509.GeneralName:
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name.strip("[]")))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return certificate.public_bytes(serialization.Encoding.PEM)
