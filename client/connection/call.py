"""One call over gRPC: how part of it is awaited without ever looking like a cancelled task."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")
# How long a cancelled call may take to wind up; it normally takes one round of the event loop.
_WIND_UP_SECONDS = 0.05


class CallCancelled(Exception):
    """The call, not its caller, was cancelled: by the server or by closing the channel."""


class Unreadable(Exception):
    """A message's bytes are not one of the service's; gRPC says so with None in its place."""


class Excess(Unreadable):
    """A message was refused before it was parsed; its text is a clause about the server."""


async def settle(call: Any, result: Awaitable[T]) -> T:
    """Await part of a call; cancel the call when the waiting task is cancelled.

    gRPC raises CancelledError also when the server or the channel ends a call, and that must never
    look like the cancellation of the task that waits: CallCancelled stands for it. Raises
    Unreadable, and what the call raises.
    """
    task = asyncio.ensure_future(result)
    try:
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            call.cancel()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({task}, timeout=_WIND_UP_SECONDS)
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            raise
        if task.cancelled():
            raise CallCancelled
        answer = task.result()
        if answer is None:
            raise Unreadable
        if isinstance(answer, Excess):
            call.cancel()
            raise answer
        return answer
    finally:
        # An error's traceback holds this frame, and what it holds: the call keeps the connection
        # open, and the task the error itself, a circle that waits for the garbage collector.
        del call, result, task
