"""Which server is meant: options, and the environment where they are silent."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..client import credentials
from ..client.endpoint import DEFAULT_PORT, Endpoint, Transport
from ..errors import RequestRejected
from .outcome import TRANSPORTS, Usage

if TYPE_CHECKING:
    from ..client.client import DrawThingsClient

DEFAULT_TIMEOUT_SECONDS = 30.0
_MOST_CERTIFICATE_BYTES = 1 << 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has.

    They have no defaults: each may stand before or after the command's name, and the second parser
    must not undo what the first one found.
    """
    group = parser.add_argument_group("server", argument_default=argparse.SUPPRESS)
    group.add_argument("--host", help="name or IP address (DRAWBRIDGE_HOST; else 127.0.0.1)")
    group.add_argument(
        "--port", type=int, help=f"the port it shows (DRAWBRIDGE_PORT; else {DEFAULT_PORT})"
    )
    group.add_argument(
        "--transport",
        choices=TRANSPORTS,
        help="how the connection is protected: not at all, by the certificate that Draw Things "
        "comes with, by an authority of your own (--certificate), or by those that this computer "
        "trusts (DRAWBRIDGE_TRANSPORT; else own-ca with --certificate, draw-things without)",
    )
    group.add_argument(
        "--certificate",
        type=Path,
        metavar="FILE",
        help="PEM file of your own authority (DRAWBRIDGE_CERTIFICATE)",
    )
    group.add_argument(
        "--credential",
        metavar="NAME",
        help="name of the shared secret, never the secret: 'studio' is the environment variable "
        f"{credentials.PREFIX}STUDIO (DRAWBRIDGE_CREDENTIAL; else none)",
    )
    group.add_argument(
        "--timeout",
        type=_seconds,
        metavar="SECONDS",
        help="how long to wait for a connection and for a short answer (DRAWBRIDGE_TIMEOUT; else "
        f"{DEFAULT_TIMEOUT_SECONDS:g}); a generation may take as long as it takes",
    )
    group.add_argument(
        "--json",
        action="store_true",
        help="say the result, or the error, as one JSON object on stdout",
    )


def endpoint(options: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> Endpoint:
    """Return the server that is meant. Raises Usage, or CredentialMissing."""
    transport, certificate = _protection(options, environ)
    name = _given(options, environ, "credential") or ""
    secret = credentials.find(name, environ)
    try:
        return Endpoint(
            _given(options, environ, "host") or "127.0.0.1",
            _port(options, environ),
            transport,
            certificate,
            secret,
        )
    except RequestRejected as error:
        raise Usage(error.problem, error.remedy) from error


def timeout_seconds(options: argparse.Namespace, environ: Mapping[str, str] = os.environ) -> float:
    """Return how long to wait for a connection, and for a short answer."""
    given = _given(options, environ, "timeout")
    if given is None:
        return DEFAULT_TIMEOUT_SECONDS
    try:
        return _seconds(str(given))
    except ValueError:
        raise Usage(
            f"The timeout {given!r} is not a number of seconds above 0.",
            "Correct DRAWBRIDGE_TIMEOUT.",
        ) from None


def open_client(options: argparse.Namespace) -> DrawThingsClient:
    """Return a client of the server that is meant; nothing is sent yet."""
    from ..client.client import DrawThingsClient

    seconds = timeout_seconds(options)
    return DrawThingsClient(
        endpoint(options), connect_timeout_seconds=seconds, secret_timeout_seconds=seconds
    )


def _given(options: argparse.Namespace, environ: Mapping[str, str], name: str) -> str | None:
    chosen = getattr(options, name, None)
    if chosen is not None:
        return str(chosen)
    return environ.get(f"DRAWBRIDGE_{name.upper()}", "").strip() or None


def _port(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    text = _given(options, environ, "port")
    try:
        return DEFAULT_PORT if text is None else int(text)
    except ValueError:
        raise Usage(f"The port {text!r} is not a number.", "Correct DRAWBRIDGE_PORT.") from None


def _protection(
    options: argparse.Namespace, environ: Mapping[str, str]
) -> tuple[Transport, bytes | None]:
    word, path = (_given(options, environ, name) for name in ("transport", "certificate"))
    if "certificate" in options and "transport" not in options:
        word = "own-ca"
    word = word or ("own-ca" if path else "draw-things")
    if word not in TRANSPORTS:
        raise Usage(
            f"The transport {word!r} is not known.",
            f"Set DRAWBRIDGE_TRANSPORT to one of {', '.join(TRANSPORTS)}.",
        )
    transport = TRANSPORTS[word]
    if transport is not Transport.OWN_CA:
        if "certificate" in options:
            raise Usage(
                f"A certificate is given, which the transport {word} does not read.",
                "Choose --transport own-ca, or leave --certificate out.",
            )
        return transport, None
    if path is None:
        raise Usage(
            "No certificate of your own authority is given.",
            "Name its PEM file with --certificate, or choose another --transport.",
        )
    return transport, _read(Path(path).expanduser())


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():  # a device or a pipe would never end
            raise Usage(f"There is no certificate file {path}.", "Give the path of a PEM file.")
        if path.stat().st_size > _MOST_CERTIFICATE_BYTES:
            raise Usage(f"The file {path} is too large for a certificate.", "Give a PEM file.")
        return path.read_bytes()
    except OSError as error:
        raise Usage(
            f"The certificate file {path} cannot be read.", "Check its permissions."
        ) from error


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 86400:
        raise ValueError
    return seconds
