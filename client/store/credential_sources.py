"""Where credentials come from: environment variables, and a private file."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ...errors import CredentialMissing, RequestRejected
from ..address import THIS_COMPUTER, Destination
from . import pem_file
from .secret import Identity, Secret

PREFIX = "DRAWBRIDGE_SECRET_"
SERVERS = "DRAWBRIDGE_SERVERS_"
CLIENT_CERTIFICATE = "DRAWBRIDGE_CLIENT_CERTIFICATE_"
CLIENT_KEY = "DRAWBRIDGE_CLIENT_KEY_"

LONGEST_NAME = 64
_NAME = re.compile(rf"[A-Za-z0-9_.\- ]{{1,{LONGEST_NAME}}}")
_KEY = re.compile(rf"[A-Z0-9_]{{1,{LONGEST_NAME}}}")


class Advice(enum.Enum):
    """Part of a remedy: what a person does about credentials. Each face has words of its own."""

    MANAGE = "in ComfyUI's settings under Drawbridge or by `drawbridge credentials`"
    NAME_NONE = (
        "or empty the field if that has none: a workflow from someone else names their credential."
    )

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Known:
    """A credential and the servers that it is meant for.

    `stored` is False for one of the environment; then `certificate` and `key` are paths of PEM
    files, and PEM text otherwise.
    """

    name: str
    stored: bool
    servers: tuple[Destination, ...]
    secret: Secret | None = field(default=None, repr=False)
    certificate: str = field(default="", repr=False)
    key: Secret | None = field(default=None, repr=False)

    def identity(self) -> Identity | None:
        """Return what a server that asks for a client's certificate gets.

        Raises CredentialMissing for a missing file.
        """
        if not self.certificate or self.key is None:
            return None
        if self.stored:
            return Identity(self.certificate.encode(), self.key)
        return Identity(_pem(self.certificate).reveal().encode(), _pem(self.key.reveal()))


def key_of(name: str) -> str:
    """Return what all ways to write a credential's name have in common: STUDIO for `studio`.

    Raises CredentialMissing for an odd name.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):  # perhaps the secret itself was typed here, so it is not repeated
        raise CredentialMissing(
            "The credential's name is not a plain name of at most {most} letters,"
            " digits and dashes.",
            "Name a credential, such as studio, and add it {manage}.",
            most=LONGEST_NAME,
            manage=Advice.MANAGE,
        )
    return re.sub(r"[^A-Z0-9]", "_", name.upper().removeprefix(PREFIX))


class Environment:
    """The credentials of environment variables; never shows any.

    Every name leads to a variable with our prefix: a workflow from someone else must not be able to
    send any other variable of this computer to a host of its choice.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("the environment cannot be pickled: it holds secrets")

    def keys(self) -> list[str]:
        """Return the key of each credential that there is."""
        starts = (PREFIX, CLIENT_CERTIFICATE)
        found = {
            name[len(start) :]
            for name in self._variables
            for start in starts
            if self._is(name, start)
        }
        return sorted(found)

    def secrets(self) -> list[Secret]:
        """Return the shared secret of each credential that has one."""
        return [secret for key in self.keys() if (secret := self._secret(PREFIX + key))]

    def find(self, key: str) -> Known | None:
        """Return a credential. Raises CredentialMissing for variables that make no sense."""
        secret, path = self._secret(PREFIX + key), self._secret(CLIENT_KEY + key)
        certificate = self._variables.get(CLIENT_CERTIFICATE + key, "").strip()
        if secret is None and not certificate:
            return None
        if certificate and path is None:
            raise CredentialMissing(
                f"The client certificate of the credential {key.lower()!r} has no key.",
                f"Set the environment variable {CLIENT_KEY}{key} to the path of its PEM file.",
            )
        servers = self.servers(key) or (THIS_COMPUTER,)
        return Known(
            key.lower(), False, servers, secret, certificate, path if certificate else None
        )

    def servers(self, key: str) -> tuple[Destination, ...]:
        """Return the servers that a credential is meant for, () where the environment is silent.

        Raises CredentialMissing for what names no server.
        """
        texts = self._variables.get(SERVERS + key, "").split(",")
        try:
            return tuple(Destination.read(text) for text in texts if text.strip())
        except RequestRejected as error:
            problem = f"{SERVERS}{key}: {error.problem}"
            raise CredentialMissing(problem, error.remedy) from error

    def _is(self, name: str, start: str) -> bool:
        key = name.removeprefix(start)
        return name != key and bool(_KEY.fullmatch(key)) and self._has(name)

    def _has(self, name: str) -> bool:
        return bool(self._variables.get(name, "").strip())

    def _secret(self, name: str) -> Secret | None:
        return Secret(self._variables[name].strip("\r\n")) if self._has(name) else None


def from_file(kept: dict[str, Any]) -> dict[str, Known] | None:
    """Return the credentials that a file holds, by key; None for contents that we did not write.

    Raises nothing: an exception would hold on to `kept`.
    """
    try:
        return {key: _known(key, **entry) for key, entry in kept.get("credentials", {}).items()}
    except (TypeError, ValueError, AttributeError, CredentialMissing, RequestRejected):
        return None


def _known(
    key: str,
    name: str,
    servers: list[str],
    secret: str = "",
    client_certificate: str = "",
    client_key: str = "",
) -> Known:
    if key_of(name) != key or not isinstance(servers, list):
        raise ValueError("not what we write")
    return Known(
        name,
        True,
        tuple(Destination.read(one) for one in servers),
        Secret(secret) if secret else None,
        client_certificate,
        Secret(client_key) if client_key else None,
    )


def _pem(path: str) -> Secret:
    found = read_pem(Path(path).expanduser())
    if found is None:
        raise CredentialMissing(
            f"The PEM file {path} cannot be read.",
            "Correct the environment variable that names it, or the file's permissions.",
        )
    return found


def read_pem(path: Path) -> Secret | None:
    """Return what a file holds, as if all of it were secret; None where it cannot be read.

    Nothing is raised: an exception would hold on to the text of the file.
    """
    try:
        return Secret(pem_file.read(path).decode("ascii"))
    except (OSError, ValueError, CredentialMissing):
        pass
    return None
