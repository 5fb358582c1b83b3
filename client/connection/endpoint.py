"""Which server is meant, and how it is reached: address, encryption, secret."""

from __future__ import annotations

import enum
import ssl
from dataclasses import dataclass, field

from ...errors import RequestRejected
from ..address import DEFAULT_PORT, check_host, check_port, is_loopback, joined
from ..store.secret import Identity, Secret
from ..transport import Transport

PEM_MARK = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class ChooseTransport:
    """Part of a remedy: another transport fits. Each face words it as its own control is called."""

    transport: Transport

    def __str__(self) -> str:
        return f"Set the connection to {self.transport.value!r}"


class TensorForm(enum.Enum):
    """In which form pictures are sent: as servers read them, or as the public guide says."""

    SERVER = "server"
    GUIDE = "guide"


@dataclass(frozen=True)
class Endpoint:
    """A server's address and everything that is needed to talk to it.

    `host` is a name or an IP address, IPv6 with or without brackets; `port` is 1 to 65535;
    `certificate` is the PEM text of the authority that OWN_CA trusts; `identity` is shown to
    servers that ask for a client certificate. Raises RequestRejected for anything else.
    """

    host: str
    port: int = DEFAULT_PORT
    transport: Transport = Transport.DRAW_THINGS
    certificate: bytes | None = None
    secret: Secret | None = field(default=None, repr=False)
    tensor_form: TensorForm = TensorForm.SERVER
    identity: Identity | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", check_host(self.host))
        check_port(self.port)
        if self.transport is Transport.OWN_CA:
            object.__setattr__(self, "certificate", check_certificate(self.certificate))

    @property
    def address(self) -> str:
        """Return `host:port`, an IPv6 host in brackets."""
        return joined(self.host, self.port)

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this computer, so that bytes cost less than compressing them."""
        return is_loopback(self.host)

    @property
    def expected_name(self) -> str:
        """Return the name that the server's certificate must have.

        Every Draw Things server has the same certificate, made for `localhost` (docs/protocol.md
        8). A pinned one may be made for any name: this one is only what the server is asked for.
        """
        if self.transport is Transport.DRAW_THINGS:
            return "localhost"
        if ":" in self.host:
            return self.host.partition("%")[0]  # a link-local address' zone is in no certificate
        return self.host.encode("idna").decode("ascii")


def check_certificate(pem: str | bytes | None) -> bytes:
    """Return the PEM text of one or more certificates; RequestRejected where it holds none."""
    remedy = "Give the PEM text of your authority, from BEGIN CERTIFICATE to END CERTIFICATE."
    try:
        text = pem.decode("ascii") if isinstance(pem, bytes) else pem or ""
    except UnicodeDecodeError:
        raise RequestRejected("The certificate is not PEM text.", remedy) from None
    if not text.strip():
        raise RequestRejected("No certificate of your own authority is given.", remedy)
    if PEM_MARK not in text:
        raise RequestRejected("The certificate is not PEM text.", remedy)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
        return text.encode("ascii")
    except (ssl.SSLError, ValueError):
        raise RequestRejected("The certificate cannot be read.", remedy) from None
