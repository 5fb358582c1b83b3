"""A name with several IP addresses as several servers: each computer once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from ...errors import DrawbridgeError
from ..connection.channel import resolve
from ..connection.endpoint import Endpoint

T = TypeVar("T")
MOST_ADDRESSES = 64
_GREETING_SECONDS = 3.0


async def each_address(endpoint: Endpoint) -> list[str]:
    """Return the IP addresses of a name that has several; [] for any other, also one that cannot
    be looked up now, which the connection will say.
    """
    try:
        found = await resolve(endpoint)
    except OSError:
        return []
    return found[:MOST_ADDRESSES] if len(found) > 1 else []


async def distinct(ways: Sequence[T], identify: Callable[[T], Awaitable[int]]) -> list[T]:
    """Return the ways that lead to servers of their own, in their order.

    A computer with a cable and a wireless network has two addresses and one server. `identify`
    returns the identifier that a server greets with (docs/protocol.md 1.2), or raises
    DrawbridgeError. Who does not greet within 3 seconds is kept: it may be another server, and away
    for now.
    """

    async def ask(way: T) -> int:
        try:
            return await asyncio.wait_for(identify(way), _GREETING_SECONDS)
        except (DrawbridgeError, asyncio.TimeoutError):
            return 0

    kept: list[T] = []
    seen: set[int] = set()
    told = await asyncio.gather(*(ask(way) for way in ways))
    for way, identifier in zip(ways, told, strict=True):
        if identifier and identifier in seen:
            continue
        seen.add(identifier)
        kept.append(way)
    return kept
