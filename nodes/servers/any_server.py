"""A question that any server of a pool can answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ...client.store.server import Server
from ...errors import DrawbridgeError
from ..records import AnyServer, servers

T = TypeVar("T")
# One that is switched off may take long to be noticed, and another one can answer meanwhile.
_HEAD_START_SECONDS = 1.0


async def first_of(server: AnyServer, ask: Callable[[Server], Coroutine[Any, Any, T]]) -> T:
    """Return the first answer: the next server is asked where one fails, or is slow.

    Raises what the first one raises where all of them fail.
    """
    waiting = list(servers(server))
    asked: list[asyncio.Task[T]] = []
    try:
        while waiting or any(not task.done() for task in asked):
            if waiting:
                asked.append(asyncio.ensure_future(ask(waiting.pop(0))))
            pending = {task for task in asked if not task.done()}
            done, _ = await asyncio.wait(
                pending,
                timeout=_HEAD_START_SECONDS if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                if not isinstance(task.exception(), DrawbridgeError):
                    return task.result()
        return asked[0].result()
    finally:
        for task in asked:
            task.cancel()
        await asyncio.wait(asked)
