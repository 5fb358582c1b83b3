"""Which server is meant, and how it is reached: address, encryption, secret."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..address import Address
from ..server_fields import DEFAULT_PORT, Transport
from ..store.certificates import check_certificate
from ..store.secret import Identity, Secret
from ..store.server import Server

if TYPE_CHECKING:
    from ..store.credentials import Credentials


class TensorForm(enum.Enum):
    """In which form pictures are sent: as servers read them, or as the public guide says."""

    SERVER = "server"
    GUIDE = "guide"


@dataclass(frozen=True)
class Endpoint:
    """A server's address and everything that is needed to talk to it.

    `host` is a name or an IP address, IPv6 with or without brackets; `port` is 1 to 65535;
    `certificate` is the PEM text of the authority that OWN_CA trusts; `identity` is shown to
    servers that ask for a client certificate; `at` is the IP address to dial where one of several
    that the host has is meant. Raises RequestRejected for anything else.
    """

    host: str
    port: int = DEFAULT_PORT
    transport: Transport = Transport.DRAW_THINGS
    certificate: bytes | None = None
    secret: Secret | None = field(default=None, repr=False)
    tensor_form: TensorForm = TensorForm.SERVER
    identity: Identity | None = field(default=None, repr=False)
    at: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", Address(self.host, self.port).host)
        if self.transport is Transport.OWN_CA:
            object.__setattr__(self, "certificate", check_certificate(self.certificate))

    @classmethod
    def of(cls, server: Server, credentials: Credentials | None = None) -> Endpoint:
        """Return the endpoint of a server, with what its credential stands for if it is to be
        looked up.

        May block, as the server's certificate can be a file. Raises RequestRejected for one of no
        use; CredentialMissing where this computer has no such credential, or where it is not meant
        for that server; StoreUnusable.
        """
        host, port = server.address.host, server.address.port
        certificate = server.with_certificate_text().certificate.encode()
        endpoint = cls(host, port, server.transport, certificate or None, at=server.at)
        found = credentials.find(server.credential, host, port) if credentials else None
        if found is None:
            return endpoint
        return replace(endpoint, secret=found.secret, identity=found.identity)

    @property
    def address(self) -> str:
        """Return `host:port`, an IPv6 host in brackets; the IP address where one is chosen."""
        return str(Address(self.dialled, self.port))

    @property
    def dialled(self) -> str:
        """Return the host, or the one of its IP addresses that is meant."""
        return self.at or self.host

    @property
    def is_loopback(self) -> bool:
        """Return whether the server is on this computer: bytes cost less than compressing them."""
        return Address(self.dialled, self.port).is_loopback

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
