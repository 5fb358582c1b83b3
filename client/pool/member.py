"""A server of a pool."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..client import DrawThingsClient

Turn = Callable[[], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, eq=False)
class Member:
    """A server as the pool needs it.

    `name` is how a person knows it. `open` returns what gives a client of it, a new one each time,
    or raises DrawbridgeError where none can be had. `at_once` is how many generations may be open
    there: more than one only for an address behind which are several servers. `turn` is held while
    generations are made there, for others of the same program that use the same server. Two members
    of equal `identity` are the same server with the same access.
    """

    name: str
    open: Callable[[], AbstractAsyncContextManager[DrawThingsClient]]
    at_once: int = 1
    turn: Turn = contextlib.nullcontext
    identity: str = ""

    @property
    def key(self) -> str:
        """Return what the server's pace and pictures are remembered under."""
        return self.identity or self.name
