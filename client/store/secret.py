"""Shared secrets and private keys, and what keeps them out of sight."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from ...errors import CredentialMissing

MOST_PEM_BYTES = 1 << 20  # of a file with certificates or a key
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")


class Secret:
    """A text that only `reveal` shows: not repr, str, format, JSON or pickle."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        """Raise CredentialMissing for an empty text and for one that is not Unicode."""
        if not value:
            raise CredentialMissing("The shared secret is empty.", "Set it, or name no credential.")
        if re.search("[\ud800-\udfff]", value):
            del value  # a traceback can show local variables
            raise CredentialMissing(
                "The shared secret is not readable text.", "Set it again, in plain characters."
            )
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
        import hmac  # seldom needed, and hashlib with it

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


@dataclass(frozen=True, init=False)
class Identity:
    """What a client shows of itself where a server asks for a certificate (mutual TLS).

    `certificate` is the PEM text of a certificate and its chain, `key` that of its private key,
    without a passphrase. See `identity.check_identity` for whether they can be used.
    """

    certificate: bytes = field(repr=False)
    key: Secret = field(repr=False)

    def __init__(self, certificate: bytes, key: Secret) -> None:
        """Keep the certificates of `certificate`, and nothing that is beside them, such as a key:
        people keep both in one file.
        """
        object.__setattr__(self, "certificate", b"\n".join(_CERTIFICATE.findall(certificate)))
        object.__setattr__(self, "key", key)
