"""How this side shows who it is, to a server that asks for a client certificate."""

from __future__ import annotations

import contextlib
import os
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ...errors import RequestRejected
from .secret import Identity

_REMEDY = "Give both as PEM text: the certificate, and the private key that it was made for."


def check_identity(identity: Identity) -> None:
    """Find out whether certificate and key can be used; takes a moment of reading and writing.

    Raises RequestRejected for what cannot be read, an encrypted key, and two that do not belong
    together.
    """
    present(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), identity)


def present(context: ssl.SSLContext, identity: Identity) -> None:
    """Let a context show this certificate to servers that ask. Raises as `check_identity` does."""
    if _is_encrypted(identity):
        raise RequestRejected(
            "The private key of the client certificate is encrypted.",
            "Store it without a passphrase, as 'openssl pkey -in KEY.pem"
            " -out PLAIN.pem' writes it.",
        )
    if not _is_certificate(identity.certificate):
        raise RequestRejected("The client certificate cannot be read.", _REMEDY)
    reason = _load(context, identity)
    if reason is None:
        return
    if "MISMATCH" in reason:
        raise RequestRejected(
            "The client certificate and the private key do not belong together.", _REMEDY
        )
    raise RequestRejected("The private key of the client certificate cannot be read.", _REMEDY)


def _is_certificate(pem: bytes) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError):  # neither may be a cause: perhaps it is the key
        return False
    return True


def _is_encrypted(identity: Identity) -> bool:
    return "ENCRYPTED" in identity.key.reveal()


def _load(context: ssl.SSLContext, identity: Identity) -> str | None:
    """Return why it fails, None if it does not. Python's ssl reads keys from files only."""
    with contextlib.ExitStack() as stack:
        path = stack.enter_context(_in_memory(identity) or _on_disk(identity))
        try:
            context.load_cert_chain(path, password=_no_password)
        except (ssl.SSLError, ValueError) as error:
            return getattr(error, "reason", "") or "?"
    return None


def _in_memory(identity: Identity) -> contextlib.AbstractContextManager[Path] | None:
    """Return a file that never is on a disk, None where the system has no such (not Linux)."""
    if sys.platform != "linux":
        return None
    try:
        handle = os.memfd_create("drawbridge")  # closed in child processes, as all of Python's
    except OSError:
        return None
    path = Path(f"/proc/self/fd/{handle}")
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(os.fdopen(handle, "r+b"))
        _write(file, identity)
        if path.is_file():
            stack.pop_all()
            return _named(file, path)
    return None


@contextlib.contextmanager
def _named(file: BinaryIO, path: Path) -> Iterator[Path]:
    with file:
        yield path


@contextlib.contextmanager
def _on_disk(identity: Identity) -> Iterator[Path]:
    """Yield a file that is there for a moment, in a folder that nobody else can open."""
    import tempfile  # not needed on Linux

    with tempfile.TemporaryDirectory(prefix="drawbridge-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "identity.pem"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            _write(file, identity)
        try:
            yield path
        finally:
            with contextlib.suppress(OSError):
                path.unlink()


def _write(file: BinaryIO, identity: Identity) -> None:
    file.write(identity.certificate + b"\n" + identity.key.reveal().encode())
    file.flush()


def _no_password() -> bytes:
    """Keep OpenSSL from asking for one on the terminal."""
    raise ValueError("no passphrase is known")
