"""How results are unpacked beside the stream: several at once, and given on in their order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from ..threads import PROCESSORS

T = TypeVar("T")


class Unpacking(Generic[T]):
    """Results on their way from bytes to values, each a coroutine that gives None for nothing."""

    def __init__(self) -> None:
        self._tasks: deque[asyncio.Task[T | None]] = deque()

    def begin(self, work: Coroutine[Any, Any, T | None]) -> None:
        """Unpack one more result from now on."""
        self._tasks.append(asyncio.ensure_future(work))

    @property
    def due(self) -> bool:
        """Return whether to take one now: it is unpacked, or too many are not."""
        return bool(self._tasks) and (self._tasks[0].done() or len(self._tasks) >= PROCESSORS)

    @property
    def left(self) -> bool:
        """Return whether there is one to take."""
        return bool(self._tasks)

    async def ready_before(self, other: asyncio.Future[Any]) -> bool:
        """Wait until the next result is unpacked or something else is done; say whether it is."""
        await asyncio.wait({self._tasks[0], other}, return_when=asyncio.FIRST_COMPLETED)
        return self._tasks[0].done()

    async def take(self) -> T | None:
        """Wait for the next result and return it, None for nothing. Raise what its work raises."""
        await asyncio.wait({self._tasks[0]})  # which stays where it is if this task is cancelled
        return self._tasks.popleft().result()

    async def close(self) -> None:
        """Give up what is not unpacked."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for task in self._tasks:
            if not task.cancelled():
                task.exception()  # marks it as seen
        self._tasks.clear()
