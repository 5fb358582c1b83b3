"""Makes a throw-away certificate of the same shape as the one that Draw Things ships."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass

from ..errors import DrawbridgeError


@dataclass(frozen=True)
class Identity:
    """PEM bytes: the root that a client has to trust, and the server's own certificate and key."""

    root: bytes
    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "Identity(...)"


def make_identity() -> Identity:
    """Return a new root and a leaf for localhost signed by it, valid for a week (protocol.md 8).

    Raises DrawbridgeError where the package `cryptography` is missing.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.x509.oid import NameOID
    except ImportError as error:
        raise DrawbridgeError(
            "The emulator makes its own certificate, which needs the package 'cryptography'.",
            "Install it (pip install cryptography), or start the emulator without --tls.",
        ) from error

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def pem(certificate: x509.Certificate) -> bytes:
        return certificate.public_bytes(serialization.Encoding.PEM)

    # 2048 bits instead of the real 4096: made in a moment, and trusted by nobody for long.
    root_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    leaf_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.datetime.now(datetime.timezone.utc)
    start, end = now - datetime.timedelta(days=1), now + datetime.timedelta(days=7)
    root_name = name("Drawbridge Emulator Root CA")

    def builder(subject: x509.Name, key: rsa.RSAPublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root_name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )

    root = (
        builder(root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    alternatives = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.DNSName("*"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("0.0.0.0")),
        ]
    )
    leaf = (
        builder(name("localhost"), leaf_key.public_key())
        .add_extension(alternatives, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    key = leaf_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return Identity(pem(root), pem(leaf), key)
