"""The servers that a person has saved under a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...errors import CredentialMissing, RequestRejected, StoreUnusable
from ..address import Destination
from .credential_sources import key_of
from .private_file import PrivateFile
from .server import Server, bad_name

FILE_NAME = "servers.json"
MOST_SERVERS = 500


class SavedServers:
    """The saved servers of a folder; any number of threads and processes may use it."""

    def __init__(self, folder: Path | None) -> None:
        """Without a folder, nothing is saved."""
        self.path = None if folder is None else folder / FILE_NAME

    def all(self) -> list[Server]:
        """Return them by name. Raises StoreUnusable."""
        if self.path is None:
            return []
        file = PrivateFile(self.path)
        try:
            found = [_checked(Server.from_dict(entry)) for entry in file.read().get("servers", [])]
        except (
            TypeError,
            ValueError,
            KeyError,
            AttributeError,
            RequestRejected,
            CredentialMissing,
        ):
            raise file.damaged() from None
        return sorted(found, key=lambda one: one.name.casefold())

    def find(self, name: str) -> Server:
        """Return the server of a name, in any case. Raises RequestRejected, StoreUnusable."""
        for one in self.all():
            if _same(one.name, name):
                return one
        known = ", ".join(one.name for one in self.all())
        raise RequestRejected(
            f"No server is saved as {name.strip()!r}.",
            f"Name one of these: {known}." if known else "Save it first.",
        )

    def put(self, server: Server) -> None:
        """Save a server in place of one of the same name.

        Raises RequestRejected for one without a name and beyond MOST_SERVERS, CredentialMissing for
        an odd credential, StoreUnusable.
        """
        self._replace(_checked(server).name, [server.as_dict()])

    def remove(self, name: str) -> None:
        """Forget a server. Raises RequestRejected where there is none of that name."""
        self._replace(self.find(name).name, [])

    def holds(self, server: Server) -> bool:
        """Return whether a server is saved with exactly these values, under any name.

        False for one with an odd credential. Raises StoreUnusable.
        """
        try:
            meant = _meaning(server)
        except CredentialMissing:
            return False
        return any(meant == _meaning(one) for one in self.all())

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


def _checked(server: Server) -> Server:
    """Return the server. Raises RequestRejected without a name, CredentialMissing."""
    if not server.name:
        raise bad_name()
    if server.credential:
        key_of(server.credential)
    return server


def _same(name: str, other: str) -> bool:
    return name.strip().casefold() == other.strip().casefold()


def _meaning(server: Server) -> tuple[object, ...]:
    """Return what matters of a server, however it is written."""
    where = Destination.of(server.address)
    credential = key_of(server.credential) if server.credential else ""
    return (where, server.transport, server.certificate, credential)
