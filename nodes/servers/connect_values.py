"""The values of Connect's widgets, read alike for a graph that runs and for the page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...client.catalog.cache import ServerKey
from ...client.connection.endpoint import PEM_MARK, Endpoint, Transport
from ...client.store import pem_file
from ...errors import RequestRejected
from ..checks import choice
from ..sockets import Server


@dataclass(frozen=True)
class ServerValues:
    """The values of Connect's widgets, as they are: `certificate` is PEM text or a path."""

    host: str
    port: int
    transport: str
    certificate: str = field(default="", repr=False)
    credential: str = field(default="", repr=False)  # somebody may have typed the secret itself

    def as_dict(self) -> dict[str, Any]:
        """Return them by the names of the widgets."""
        return dict(vars(self))

    def address(self) -> str:
        """Return `host:port`. Raises RequestRejected where that cannot be one."""
        return Endpoint(self.host, self.port, Transport.PLAINTEXT).address

    @property
    def shown_address(self) -> str:
        """Return the address for people, "" where it cannot be one."""
        try:
            return self.address()
        except RequestRejected:
            return ""

    def server(self) -> Server:
        """Return the server that is meant; may block, as the certificate may be a file.

        Raises RequestRejected.
        """
        self.address()
        transport = known_transport(self.transport)
        pem = read_certificate(self.certificate) if transport is Transport.OWN_CA else None
        return Server(self.host.strip(), self.port, transport, pem, self.credential.strip())

    def key(self) -> ServerKey:
        """Return a key to what is known of the server, without a look at any file.

        It finds what `last` has, not what counts as fresh. Raises RequestRejected.
        """
        return ServerKey(self.address().casefold(), known_transport(self.transport).value)


def key_of(server: Server) -> ServerKey:
    """Return the key to what a server tells when it is asked in this way."""
    manner = hashlib.sha256(server.certificate or b"").hexdigest()
    return ServerKey(
        server.address.casefold(),
        server.transport.value,
        f"{manner} {server.credential.casefold()}",
    )


def known_transport(value: str) -> Transport:
    """Return the transport of a Combo's text. Raises RequestRejected."""
    return choice("transport", value, {one.value: one for one in Transport})


def read_certificate(value: str | None) -> bytes | None:
    """Return PEM bytes from PEM text or from the file that is named; None for an empty value.

    May block for seconds, and no longer. Raises RequestRejected, with the same words for a file
    that is missing and for one that holds something else: a graph may come from anybody, and shall
    not tell them what is here.
    """
    text = (value or "").strip()
    if not text:
        return None
    if PEM_MARK in text:
        return text.encode("utf-8", "replace")
    remedy = "Give the path of a PEM file on the computer that runs ComfyUI, or paste its text."
    # Windows would log in at another computer; /??/UNC/ is one of its own spellings.
    if text.replace("\\", "/").startswith(("//", "/??/")):
        raise RequestRejected(
            "The certificate file is on another computer.",
            "Copy it to the computer that runs ComfyUI, or paste its text.",
        )
    unusable = RequestRejected(f"There is no certificate file {text} with PEM text in it.", remedy)
    path = Path(text)
    try:
        path = path.expanduser()
        data = pem_file.read(path)
    except (OSError, ValueError, RuntimeError):  # the last where there is no home
        raise unusable from None
    if PEM_MARK.encode() not in data:
        raise unusable
    return data
