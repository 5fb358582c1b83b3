"""What happens in a pool, one frozen record for each kind of news. Items count from 0."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...errors import DrawbridgeError
from ..generation.assemble import Prepared
from ..generation.events import Audio, Event, Picture
from .member import Member

if TYPE_CHECKING:
    from ..generation.images import Placed


@dataclass(frozen=True, eq=False)
class Planned:
    """The requests are known: the items are `prepared.requests`, in their order."""

    prepared: Prepared


@dataclass(frozen=True, eq=False)
class Began:
    """A server is given an item."""

    item: int
    member: Member


@dataclass(frozen=True, eq=False)
class News:
    """Something happened to an item that is under way; see client/generation/events.py."""

    item: int
    member: Member
    event: Event | Placed


@dataclass(frozen=True, eq=False)
class Returned:
    """A server did not finish an item, which another one may get."""

    item: int
    member: Member
    error: DrawbridgeError


@dataclass(frozen=True, eq=False, repr=False)
class Finished:
    """All of an item is here; `kept` says that an earlier run has made it."""

    item: int
    member: Member
    pictures: tuple[Picture | Placed, ...]
    sounds: tuple[Audio, ...] = ()
    kept: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Missing:
    """Nobody can finish an item.

    `pictures` and `sounds` are what came of it, perhaps nothing. `again` says that an earlier run
    has missed it, too. `by_itself` says that the item failed, and not the way to the servers.
    """

    item: int
    error: DrawbridgeError
    pictures: tuple[Picture | Placed, ...] = ()
    sounds: tuple[Audio, ...] = ()
    again: bool = False
    by_itself: bool = True


@dataclass(frozen=True, eq=False)
class Away:
    """A server does not answer; it is used again as soon as it does."""

    member: Member
    error: DrawbridgeError


@dataclass(frozen=True, eq=False)
class Back:
    """A server that was away answers again."""

    member: Member


@dataclass(frozen=True, eq=False)
class LeftOut:
    """A server cannot take part in this run, for the reason that the error tells."""

    member: Member
    error: DrawbridgeError


@dataclass(frozen=True, eq=False, repr=False)
class Part:
    """What has come of one item."""

    pictures: tuple[Picture | Placed, ...] = ()
    sounds: tuple[Audio, ...] = ()
    whole: bool = False
    failed: bool = field(default=False)

    @property
    def size_bytes(self) -> int:
        """Return what the values take in memory, apart from the IMAGE that they may be in."""
        return sum(one.size_bytes for one in (*self.pictures, *self.sounds))

    def alone(self) -> Part:
        """Return the part with its pictures in memory of their own; takes time for each."""
        return replace(self, pictures=tuple(one.alone() for one in self.pictures))


PoolEvent = Planned | Began | News | Returned | Finished | Missing | Away | Back | LeftOut
