"""The servers that a person has saved under a name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import CredentialMissing, RequestRejected, StoreUnusable
from ..address import Destination, check_host, check_port, joined
from ..transport import Transport
from .credential_sources import key_of
from .private_file import PrivateFile

FILE_NAME = "servers.json"
MOST_SERVERS = 500
_LONGEST_NAME = 64


@dataclass(frozen=True)
class SavedServer:
    """A server as Connect's fields name it; `certificate` is PEM text or the path of a file, and
    `credential` a name, never a secret.

    Raises RequestRejected for what Connect would refuse, CredentialMissing for an odd credential.
    """

    name: str
    host: str
    port: int
    transport: Transport
    certificate: str = ""
    credential: str = ""

    def __post_init__(self) -> None:
        for field in ("name", "host", "certificate", "credential"):
            object.__setattr__(self, field, getattr(self, field).strip())
        if not 0 < len(self.name) <= _LONGEST_NAME or not self.name.isprintable():
            raise RequestRejected(
                f"A server's name has 1 to {_LONGEST_NAME} characters on one line.",
                "Give the server a short name, such as Studio.",
            )
        if self.credential:
            key_of(self.credential)
        _ = self.address  # says what is wrong with host and port

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as JSON has them."""
        return {**vars(self), "transport": self.transport.value}

    @property
    def address(self) -> str:
        """Return `host:port`, an IPv6 host in brackets."""
        host = check_host(self.host)
        check_port(self.port)
        return joined(host, self.port)


class SavedServers:
    """The saved servers of a folder; any number of threads and processes may use it."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder, nothing is saved."""
        self.path = None if folder is None else folder / FILE_NAME

    def all(self) -> list[SavedServer]:
        """Return them by name. Raises StoreUnusable."""
        if self.path is None:
            return []
        file = PrivateFile(self.path)
        try:
            found = [_server(**entry) for entry in file.read().get("servers", [])]
        except (TypeError, ValueError, AttributeError, RequestRejected, CredentialMissing):
            raise file.damaged() from None
        return sorted(found, key=lambda one: one.name.casefold())

    def find(self, name: str) -> SavedServer:
        """Return the server of a name, in any case. Raises RequestRejected, StoreUnusable."""
        for one in self.all():
            if _same(one.name, name):
                return one
        known = ", ".join(one.name for one in self.all())
        raise RequestRejected(
            f"No server is saved as {name.strip()!r}.",
            f"Name one of these: {known}." if known else "Save it first.",
        )

    def put(self, server: SavedServer) -> None:
        """Save a server in place of one of the same name. Raises RequestRejected beyond
        MOST_SERVERS, StoreUnusable.
        """
        self._replace(server.name, [server.as_dict()])

    def remove(self, name: str) -> None:
        """Forget a server. Raises RequestRejected where there is none of that name."""
        self._replace(self.find(name).name, [])

    def holds(
        self, host: str, port: int, transport: Transport, certificate: str, credential: str
    ) -> bool:
        """Whether these values of Connect are those of a saved server, under any name.

        False for values that name no server. Raises StoreUnusable.
        """
        try:
            meant = SavedServer("asked", host, port, transport, certificate, credential)
        except (RequestRejected, CredentialMissing):
            return False
        return any(_meaning(meant) == _meaning(one) for one in self.all())

    def _replace(self, name: str, entries: list[dict[str, Any]]) -> None:
        if self.path is None:
            raise StoreUnusable(
                "There is no folder in which a server could be saved.", "Name one with --store."
            )
        self.all()  # raises for a damaged file, which is not to be changed

        def change(kept: dict[str, Any]) -> None:
            others = [one for one in kept.get("servers", []) if not _same(one["name"], name)]
            if len(others) + len(entries) > MOST_SERVERS:
                raise RequestRejected(
                    f"{MOST_SERVERS} servers are saved already.", "Remove some that are not needed."
                )
            kept["servers"] = [*others, *entries]

        PrivateFile(self.path).update(change)


def _server(transport: str, port: int, **texts: str) -> SavedServer:
    return SavedServer(port=port, transport=Transport(transport), **texts)


def _same(name: str, other: str) -> bool:
    return name.strip().casefold() == other.strip().casefold()


def _meaning(server: SavedServer) -> tuple[object, ...]:
    """Return what matters of a server, however it is written."""
    where = Destination.of(server.host, server.port)
    credential = key_of(server.credential) if server.credential else ""
    return (where, server.transport, server.certificate, credential)
