"""The items of a run: which wait, which are under way, who has tried which, and what is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ...errors import DrawbridgeError
from .events import Part
from .member import Member
from .seat import Seat

# Ways to a server that break before it has taken an item are no try of it; this many are enough.
_MOST_UNSENT = 5


@dataclass(eq=False)
class Item:
    """One request on its way; `best` is the most that came of it."""

    number: int
    tried: set[Member] = field(default_factory=set)
    running_at: Member | None = None
    over: bool = False
    error: DrawbridgeError | None = None
    broken: bool = False  # the last try ended with the connection
    last_try: bool = False
    spent: bool = False  # the last try is over, too
    unsent: int = 0
    last_seat: Seat | None = None  # of the server that failed at it last
    best: Part = field(default_factory=Part)


class Items:
    """Gives each item to one server at a time, and to each server once.

    An item that broke the connections to all servers is tried once more when all others are over:
    so one unlucky with servers that are switched off gets through, and one that ends servers does
    so after the others are made.
    """

    def __init__(self, count: int) -> None:
        self.all = [Item(number) for number in range(count)]

    @property
    def open(self) -> list[Item]:
        """Return the items that are not over, in order."""
        return [item for item in self.all if not item.over]

    def waiting(self, member: Member) -> list[Item]:
        """Return the items that the server could be given now, in order."""
        return [
            item
            for item in self.all
            if not (item.over or item.spent or item.running_at or member in item.tried)
        ]

    def take(self, member: Member) -> Item | None:
        """Give the server the first item that waits for it, if there is any."""
        waiting = self.waiting(member)
        if not waiting:
            return None
        waiting[0].running_at = member
        return waiting[0]

    def finish(self, item: Item) -> None:
        """Note that an item is here."""
        item.running_at, item.over = None, True

    def give_back(self, item: Item, error: DrawbridgeError, *, sent: bool, broken: bool) -> None:
        """Note that a server did not finish an item; `sent` says that it had been taken there."""
        member, item.running_at = item.running_at, None
        item.error, item.broken = error, broken
        item.spent = item.last_try
        if not sent:
            item.unsent += 1
        if member is not None and (sent or item.unsent >= _MOST_UNSENT):
            item.tried.add(member)

    def hopeless(self, members: Iterable[Member]) -> list[Item]:
        """Return the items that none of the servers is left for, which are over from now on."""
        able = set(members)
        lost = [
            item
            for item in self.open
            if item.running_at is None and (item.spent or not able - item.tried)
        ]
        others = [item for item in self.open if item not in lost]
        found = []
        for item in lost:
            if able and item.broken and not item.last_try:
                if not others:
                    item.last_try = True
                    item.tried.clear()
                    others.append(item)  # one after the other
                continue
            item.over = True
            found.append(item)
        return found
