"""What a credential's name stands for on this computer, and which servers may get it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...errors import CredentialMissing, RequestRejected, StoreUnusable
from ..address import Address, Destination
from .credential_sources import PREFIX, SERVERS, Advice, Environment, Known, from_file, key_of
from .identity import check_identity
from .private_file import PrivateFile
from .secret import Identity, Secret

FILE_NAME = "credentials.json"
MOST_SERVERS = 100  # each is compared at every connection


@dataclass(frozen=True)
class Credential:
    """What a name stands for: a shared secret, a client's identity, or both."""

    name: str
    secret: Secret | None = field(default=None, repr=False)
    identity: Identity | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Listed:
    """What may be told of a credential.

    `stored` is False for one of the environment, which goes before a stored one of the same name.
    """

    name: str
    stored: bool
    servers: tuple[str, ...]
    has_secret: bool
    has_identity: bool


class Credentials:
    """The credentials of this computer: of a folder of ours, and of environment variables.

    A credential goes to the servers that it is meant for and to no other, since the author of a
    shared workflow chooses host and credential. One of the environment goes before a stored one of
    the same name, and to this computer only unless DRAWBRIDGE_SERVERS_NAME says otherwise. That
    variable goes before the servers of a stored one, too.
    """

    def __init__(self, folder: Path | None, environ: Mapping[str, str] = os.environ) -> None:
        """Without a folder, there is only the environment."""
        self.path = None if folder is None else folder / FILE_NAME
        self._environment = Environment(environ)

    def listed(self) -> list[Listed]:
        """Return what there is, by name. Raises StoreUnusable, CredentialMissing as `find` does."""
        keys = {*self._stored(), *self._environment.keys()}
        return [_told(known) for key in sorted(keys) if (known := self._known(key)) is not None]

    def stored(self, name: str) -> Listed | None:
        """Return what is stored under a name, whatever the environment says."""
        known = self._stored().get(key_of(name))
        return _told(known) if known else None

    def find(self, name: str, address_host: str, port: int) -> Credential | None:
        """Return what a name stands for; None for the empty name, which asks for nothing.

        Raises CredentialMissing where this computer has no such credential, or where it is not
        meant for that server; StoreUnusable.
        """
        if not name.strip():
            return None
        known = self._known(key_of(name))
        if known is None:
            if self._is_secret(name.strip()):
                raise CredentialMissing(
                    "A credential is named by its secret instead of its name.",
                    "Enter the name, and save the workflow again before you share it.",
                )
            raise missing(name)
        if not any(one.covers(address_host, port) for one in known.servers):
            raise _not_meant(known, Destination.of(Address(address_host, port)))
        return Credential(known.name, known.secret, known.identity())

    def secrets_for(self, address: Address) -> dict[str, Secret]:
        """Return the shared secrets that are meant for a server, by the names of their credentials.

        Raises StoreUnusable, CredentialMissing as `find` does.
        """
        keys = {*self._stored(), *self._environment.keys()}
        return {
            known.name: known.secret
            for key in sorted(keys)
            if (known := self._known(key)) is not None
            and known.secret is not None
            and any(one.covers(address.host, address.port) for one in known.servers)
        }

    def digest(self, name: str, key: bytes) -> bytes:
        """Return a keyed hash that changes with what a name stands for, b"" for nothing.

        Raises what `find` raises, whatever the server.
        """
        known = self._known(key_of(name)) if name.strip() else None
        if known is None:
            return b""
        digest = hashlib.blake2b(key=key)
        identity = known.identity()
        parts = [
            b"" if known.secret is None else known.secret.reveal().encode(),
            b"" if identity is None else identity.certificate + identity.key.reveal().encode(),
            repr(known.servers).encode(),
        ]
        for part in parts:
            digest.update(hashlib.blake2b(part, key=key).digest())
        return digest.digest()

    def put(
        self,
        name: str,
        *,
        servers: Sequence[str],
        secret: Secret | None = None,
        identity: Identity | None = None,
        by_owner: bool = True,
    ) -> None:
        """Store a credential for servers: `host`, `host:port`, or `*` for every one.

        A secret or an identity that is not given stays as it is stored. Not `by_owner`, such as
        from a page, a stored secret does not get further servers: who asks would only need one of
        his own among them to learn it. Raises RequestRejected then, and where there would be
        neither, no server, or an identity of no use; CredentialMissing for an odd name;
        StoreUnusable.
        """
        key = key_of(name)
        destinations = [Destination.read(one) for one in servers]
        meant = list(dict.fromkeys(map(str, destinations)))
        if not meant:
            raise RequestRejected(
                f"The credential {name.strip()!r} is not meant for any server.",
                "Name the servers that may get it, such as mac.local, or * for every one.",
            )
        if len(meant) > MOST_SERVERS:
            raise RequestRejected(
                f"The credential {name.strip()!r} is meant for {len(meant)} servers, more than"
                f" {MOST_SERVERS}.",
                "Name fewer, or * for every one.",
            )
        if secret is None and identity is None and key not in self._stored():
            raise RequestRejected(
                f"The credential {name.strip()!r} holds neither a shared secret"
                " nor a client certificate.",
                "Give one of them.",
            )
        self._stored()  # raises for a damaged file, which is not to be changed
        if identity is not None:
            check_identity(identity)

        def change(kept: dict[str, Any]) -> None:
            known = (from_file(kept) or {}).get(key)
            if not by_owner and secret is None and known is not None:
                _demand_no_further(known, destinations)
            entry = kept.setdefault("credentials", {}).setdefault(key, {})
            entry.update(name=name.strip(), servers=meant)
            if secret is not None:
                entry.update(secret=secret.reveal())
            if identity is not None:
                entry.update(client_certificate=identity.certificate.decode("ascii"))
                entry.update(client_key=identity.key.reveal())

        self._file().update(change)

    def remove(self, name: str) -> None:
        """Forget a stored credential. Raises CredentialMissing where there is none."""
        key = key_of(name)
        if key in self._stored():
            self._file().update(lambda kept: kept["credentials"].pop(key, None))
        elif self._environment.find(key) is not None:
            raise CredentialMissing(
                f"The credential {name.strip()!r} is not stored: an environment variable holds it.",
                f"Start this program again without {PREFIX}{key}.",
            )
        else:
            raise CredentialMissing(
                f"This computer has no credential {name.strip()!r}.", "There is nothing to remove."
            )

    def _known(self, key: str) -> Known | None:
        known = self._environment.find(key)
        if known is not None:
            return known
        known = self._stored().get(key)
        servers = self._environment.servers(key)
        return replace(known, servers=servers) if known and servers else known

    def _stored(self) -> dict[str, Known]:
        """Return what the file holds, by key. Raises StoreUnusable."""
        if self.path is None:
            return {}
        file = PrivateFile(self.path)
        found = from_file(file.read())
        if found is None:
            raise file.damaged()
        return found

    def _file(self) -> PrivateFile:
        if self.path is None:
            raise StoreUnusable(
                "There is no folder in which a credential could be stored.",
                "Name one with --store, or use environment variables.",
            )
        return PrivateFile(self.path)

    def _is_secret(self, text: str) -> bool:
        known = [*self._environment.secrets(), *(one.secret for one in self._stored().values())]
        return Secret(text) in known


def missing(name: str) -> CredentialMissing:
    """Return the error for a credential that this computer does not have."""
    return CredentialMissing(
        "This computer has no credential {credential}.",
        "Add it with the shared secret of your server, {manage}, {name_none}",
        credential=repr(name.strip()),
        manage=Advice.MANAGE,
        name_none=Advice.NAME_NONE,
    )


def _not_meant(known: Known, server: Destination) -> CredentialMissing:
    how = "add it to the credential {manage}"
    if not known.stored:
        how = "add it to the environment variable {variable} and start this program again"
    return CredentialMissing(
        "The credential {credential} is not meant for {server}.",
        "If that server is yours, " + how + "; if not, it would learn the secret.",
        credential=repr(known.name),
        server=server,
        manage=Advice.MANAGE,
        variable=f"{SERVERS}{key_of(known.name)}",
    )


def _demand_no_further(known: Known, destinations: Sequence[Destination]) -> None:
    if known.secret is None:  # a certificate is seen by whom it is shown to, and its key is not
        return
    for one in destinations:
        if not any(before.includes(one) for before in known.servers):
            raise RequestRejected(
                f"The secret of the credential {known.name!r} was not meant for {one} so far.",
                "Enter the secret again along with the new server: a page that does not know it"
                " could otherwise have it sent anywhere.",
            )


def _told(known: Known) -> Listed:
    servers = tuple(map(str, known.servers))
    has_secret, has_identity = known.secret is not None, known.key is not None
    return Listed(known.name, known.stored, servers, has_secret, has_identity)
