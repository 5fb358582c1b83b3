"""A server as a person names it: what is saved, found, and passed from node to node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...errors import RequestRejected
from ..address import Address
from ..server_fields import MOST_AT_ONCE, Transport
from .certificates import read_certificate

LONGEST_NAME = 64


@dataclass(frozen=True)
class Server:
    """Where a server is and how to speak to it; it names a credential and never holds one.

    `certificate` is that of the authority which Transport.OWN_CA trusts: PEM text, or the path of a
    file. `name` is what a person calls the server, "" where nobody has. `at_once` is how many
    requests may be open there: more than one only where a proxy gives them to several servers. `at`
    is the IP address that is meant where the host has several, `each_address` that each of them is
    a server of its own; neither is saved, nor read from what a workflow says.
    Raises RequestRejected for an unusable name, and for a number that none can be.
    """

    address: Address
    transport: Transport = Transport.DRAW_THINGS
    certificate: str = field(default="", repr=False)
    credential: str = field(default="", repr=False)  # somebody may have typed the secret itself
    name: str = ""
    at_once: int = 1
    at: str = ""
    each_address: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.at_once <= MOST_AT_ONCE:
            raise RequestRejected(
                f"There may be 1 to {MOST_AT_ONCE} requests at once, not {self.at_once}.",
                "Give 1 for a single server.",
            )
        for name in ("certificate", "credential", "name"):
            object.__setattr__(self, name, getattr(self, name).strip())
        if len(self.name) > LONGEST_NAME or not self.name.isprintable():
            raise bad_name()

    def as_dict(self) -> dict[str, Any]:
        """Return what `from_dict` reads, as JSON has it."""
        several = {"at_once": self.at_once} if self.at_once != 1 else {}
        return {
            "name": self.name,
            "host": self.address.host,
            "port": self.address.port,
            "transport": self.transport.value,
            "certificate": self.certificate,
            "credential": self.credential,
            **several,
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Server:
        """Return the server of the fields that `as_dict` names; the last ones, and a name, may be
        missing. Raises RequestRejected for values that name no server, KeyError and TypeError for
        what has other fields.
        """
        fields = dict(entry)
        if fields.keys() & {"at", "each_address"}:  # a secret for the host would go to that address
            raise TypeError("where a name leads to is no field of a server")
        host, port = fields.pop("host"), fields.pop("port")
        address = Address.taken_apart(host, port) if isinstance(host, str) else Address(host, port)
        return cls(address, known_transport(fields.pop("transport")), **fields)

    def with_certificate_text(self) -> Server:
        """Return the server with its certificate as PEM text, and without one that its transport
        does not read. May block. Raises RequestRejected where the file is of no use.
        """
        own = self.transport is Transport.OWN_CA
        return replace(self, certificate=read_certificate(self.certificate) if own else "")


def bad_name() -> RequestRejected:
    """Return the error for a name that a server cannot be saved under."""
    return RequestRejected(
        f"A server's name has 1 to {LONGEST_NAME} characters on one line.",
        "Give the server a short name, such as Studio.",
    )


def known_transport(value: str) -> Transport:
    """Return the transport of a text in any case, which can be one that nobody knows.

    Raises RequestRejected.
    """
    wanted = value.strip().casefold()
    for member in Transport:
        if member.value.casefold() == wanted:
            return member
    known = ", ".join(member.value for member in Transport)
    raise RequestRejected(f"The transport cannot be {value[:40]!r}.", f"Choose one of: {known}.")
