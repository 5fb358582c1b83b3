"""The servers that a person has saved under a name, and which of them is the default."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import CredentialMissing, NoDefaultServer, RequestRejected, StoreUnusable
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

    def default(self) -> Server:
        """Return the server that is meant where none is named: the chosen one, or the only one.

        Raises NoDefaultServer where there is neither, StoreUnusable.
        """
        found = self.all()
        server = _default(found, self._chosen())
        if server is not None:
            return server
        if not found:
            raise NoDefaultServer(
                "No default server is set up here: no server is saved.",
                "Set one up with the button on Connect, in ComfyUI's settings under Drawbridge, or"
                " with `drawbridge servers save NAME --host HOST`; or give Connect a host.",
            )
        known = ", ".join(one.name for one in found)
        raise NoDefaultServer(
            f"None of the saved servers is the default one: {known}.",
            "Choose one in ComfyUI's settings under Drawbridge, or with `drawbridge servers default"
            " NAME`.",
        )

    def default_name(self) -> str:
        """Return the default server's name, "" where there is none. Raises StoreUnusable."""
        server = _default(self.all(), self._chosen())
        return server.name if server else ""

    def choose(self, name: str) -> None:
        """Make a saved server the default one. Raises RequestRejected, StoreUnusable."""
        server = self.find(name)

        def change(kept: dict[str, Any]) -> None:
            kept["default"] = server.name

        if self.path is not None:
            PrivateFile(self.path).update(change)

    def has(self, name: str) -> bool:
        """Return whether a server is saved under a name, in any case. Raises StoreUnusable."""
        return any(_same(one.name, name) for one in self.all())

    def after(self, server: Server | None, gone: Sequence[str]) -> list[Server]:
        """Return what will be saved once a server is, in place of those of these names."""
        names = [*gone, *([server.name] if server else [])]
        others = [one for one in self.all() if not any(_same(one.name, name) for name in names)]
        return [*others, *([server] if server else [])]

    def put(self, server: Server, *, replaces: str = "") -> None:
        """Save a server in place of one of the same name, and of the one that it `replaces`.

        The first one that is saved becomes the default, and a default stays one under a new name.
        Raises RequestRejected for one without a name and beyond MOST_SERVERS, CredentialMissing for
        an odd credential, StoreUnusable.
        """
        gone = [name for name in (_checked(server).name, replaces) if name.strip()]
        self._replace(gone, [server])

    def remove(self, name: str) -> None:
        """Forget a server. Raises RequestRejected where there is none of that name."""
        self._replace([self.find(name).name], [])

    def holds(self, server: Server) -> bool:
        """Return whether a server is saved with exactly these values, under any name.

        False for one with an odd credential. Raises StoreUnusable.
        """
        try:
            meant = _meaning(server)
        except CredentialMissing:
            return False
        return any(meant == _meaning(one) for one in self.all())

    def _chosen(self) -> str:
        if self.path is None:
            return ""
        name = PrivateFile(self.path).read().get("default", "")
        if not isinstance(name, str):
            raise PrivateFile(self.path).damaged()
        return name

    def _replace(self, names: Sequence[str], servers: Sequence[Server]) -> None:
        if self.path is None:
            raise StoreUnusable(
                "There is no folder in which a server could be saved.", "Name one with --store."
            )
        self.all()  # raises for a damaged file, which is not to be changed
        self._chosen()

        def change(kept: dict[str, Any]) -> None:
            before = kept.get("servers", [])
            others = [one for one in before if not any(_same(one["name"], name) for name in names)]
            if len(others) + len(servers) > MOST_SERVERS:
                raise RequestRejected(
                    f"{MOST_SERVERS} servers are saved already.", "Remove some that are not needed."
                )
            kept["servers"] = [*others, *(one.as_dict() for one in servers)]
            name = _default_name([one["name"] for one in before], kept.pop("default", ""))
            if not before or any(_same(name, one) for one in names):
                name = servers[0].name if servers else ""
            if name and len(kept["servers"]) > 1:  # the only one is the default unsaid
                kept["default"] = name

        PrivateFile(self.path).update(change)


def _default(servers: Sequence[Server], chosen: str) -> Server | None:
    name = _default_name([one.name for one in servers], chosen)
    return next((one for one in servers if name and _same(one.name, name)), None)


def _default_name(names: Sequence[str], chosen: str) -> str:
    """Return the chosen name if it is among those, else the only one there is, else ""."""
    if any(_same(name, chosen) for name in names):
        return chosen
    return names[0] if len(names) == 1 else ""


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
