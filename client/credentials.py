"""Where a shared secret comes from, and what keeps it out of sight."""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Mapping
from typing import NoReturn

from ..errors import CredentialMissing

PREFIX = "DRAWBRIDGE_SECRET_"

_NAME = re.compile(r"[A-Za-z0-9_.\- ]{1,64}")


class Secret:
    """A shared secret that only `reveal` shows: not repr, str, format, JSON or pickle."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        """Raises CredentialMissing for an empty text and for one that is not Unicode."""
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise CredentialMissing(
                "The shared secret is not readable text.", "Set it again, in plain characters."
            ) from None  # the cause would carry the secret
        if not value:
            raise CredentialMissing("The shared secret is empty.", "Set it, or name no credential.")
        object.__setattr__(self, "_Secret__value", value)

    def reveal(self) -> str:
        """Return the secret itself, to be put into a message and nowhere else."""
        return self.__value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.__value.encode(), other.__value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self.__value))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret does not change")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")


def variable(name: str) -> str:
    """Return the environment variable of a credential: DRAWBRIDGE_SECRET_STUDIO for `studio`.

    Every name leads to a variable with our prefix: a workflow from someone else must not be able to
    send any other variable of this computer to a host of its choice. Raises CredentialMissing for
    an odd name.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):  # perhaps the secret itself was typed here, so it is not repeated
        raise CredentialMissing(
            "The credential's name is not a plain name of at most 64 letters, digits and dashes.",
            f"Name a credential, such as studio, and put its secret into {PREFIX}STUDIO.",
        )
    plain = re.sub(r"[^A-Z0-9]", "_", name.upper())
    return plain if plain.startswith(PREFIX) else PREFIX + plain


def find(name: str, environ: Mapping[str, str] = os.environ) -> Secret | None:
    """Return the secret of a credential; None for the empty name, which asks for none.

    Raises CredentialMissing where this computer has no such credential.
    """
    if not name.strip():
        return None
    key = variable(name)
    value = environ.get(key, "").strip("\r\n")
    if not value:
        raise CredentialMissing(
            f"This computer has no credential {name.strip()!r}.",
            f"Start this program again with the environment variable {key} set to the server's"
            " shared secret, or name another credential.",
        )
    return Secret(value)
