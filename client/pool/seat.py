"""What a run knows of each of its servers."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Iterator
from dataclasses import dataclass, field

from ...errors import (
    CredentialMissing,
    DecoderUnavailable,
    DrawbridgeError,
    SecretRejected,
    ServerBusy,
    ServerUnreachable,
    StoreUnusable,
    TlsMismatch,
)
from ..generation.request import GenerationRequest
from .member import Member

# What is wrong with the way to a server, or with this side, and not with what was asked for.
_OF_THE_WAY = (
    *(ServerUnreachable, ServerBusy, TlsMismatch, SecretRejected, CredentialMissing),
    *(DecoderUnavailable, StoreUnusable),
)
MOST_FAILURES_IN_A_ROW = 3


class Standing(enum.Enum):
    """How a server stands in a run."""

    STARTING = "starting"
    WORKING = "working"
    AWAY = "away"
    OUT = "out"


@dataclass(eq=False)
class Seat:
    """A server in a run; `requests` are those of all items as it is to get them.

    `joining` is held while a connection finds its place. `begun` has the time at which each item
    that is under way there began; `holding` counts the connections whose turn it is.
    """

    member: Member
    standing: Standing = Standing.STARTING
    requests: tuple[GenerationRequest, ...] | None = None
    error: DrawbridgeError | None = None
    failures_in_a_row: int = 0
    holding: int = 0
    joining: asyncio.Lock = field(default_factory=asyncio.Lock)
    begun: dict[int, float] = field(default_factory=dict)

    @property
    def is_out(self) -> bool:
        """Return whether it takes no further part."""
        return self.standing is Standing.OUT

    def workers(self, now: float, seconds: float) -> Iterator[tuple[float, float]]:
        """Yield, for each connection, the seconds until it is free, and those of an item."""
        busy = sorted(self.begun.values())[: self.holding]
        for begun in busy:
            yield max(0.0, seconds - (now - begun)), seconds
        for _ in range(self.holding - len(busy)):
            yield 0.0, seconds


def is_of_the_way(error: DrawbridgeError) -> bool:
    """Return whether an error is no fault of the request, which another server may well make."""
    return isinstance(error, _OF_THE_WAY)


def may_pass(error: DrawbridgeError) -> bool:
    """Return whether a server that shows this error may be of use a little later."""
    return isinstance(error, ServerUnreachable | ServerBusy)
