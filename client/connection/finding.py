"""What a look at an address can bring to light."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Finding(enum.Enum):
    """What the probe saw; the order is that of the steps towards a connection."""

    NO_SUCH_HOST = enum.auto()
    REFUSED = enum.auto()
    TIMED_OUT = enum.auto()
    NO_ROUTE = enum.auto()
    NO_TLS = enum.auto()
    WANTS_TLS = enum.auto()
    NO_COMMON_TLS = enum.auto()
    CHANGED = enum.auto()
    UNKNOWN_AUTHORITY = enum.auto()
    WRONG_NAME = enum.auto()
    NO_NAME = enum.auto()
    EXPIRED = enum.auto()
    NOT_YET_VALID = enum.auto()
    UNUSABLE = enum.auto()
    IDENTITY_WANTED = enum.auto()
    IDENTITY_REFUSED = enum.auto()
    DROPPED = enum.auto()
    HTTP = enum.auto()
    CLOSED = enum.auto()
    SILENT = enum.auto()
    NOTHING_WRONG = enum.auto()


@dataclass(frozen=True)
class Probed:
    """A finding and the other side's own words for it, if it had any.

    Of a server whose certificate is pinned also that certificate as PEM text, the name under which
    gRPC will recognise it, and, where it CHANGED, the fingerprint of the one that was pinned.
    """

    finding: Finding
    words: str = ""
    certificate: str = ""
    name: str = ""
    pinned: str = ""
