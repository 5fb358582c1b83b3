"""One call over gRPC: how part of it is awaited without ever looking like a cancelled task."""

from __future__ import annotations

import asyncio
import contextlib
import weakref
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")
# How long a cancelled call may take to wind up; it normally takes a few rounds of the event loop.
_WIND_UP_SECONDS = 0.1
_GRACE_SECONDS = 0.02  # the same for what of it nobody is left to wait for
# The same where a loop goes down, which cancels also what waits for the end of a call, and whoever
# is cancelled with it cancels once more.
_LAST_GRACE_SECONDS = 0.2
_WATCHER = "_handle_status_once_received"  # grpcio's task that waits for the end of a stream
_given_up: weakref.WeakSet[Any] = weakref.WeakSet()


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
            with contextlib.suppress(asyncio.CancelledError):
                await give_up(call, task)
            raise
        if task.cancelled():
            raise CallCancelled
        answer = task.result()
        if answer is None:
            raise Unreadable
        if isinstance(answer, Excess):
            await give_up(call)
            raise answer
        return answer
    finally:
        # An error's traceback holds this frame, and what it holds: the call keeps the connection
        # open, and the task the error itself, a circle that waits for the garbage collector.
        del call, result, task


async def give_up(call: Any, *waiting: asyncio.Future[Any]) -> None:
    """Cancel a call, unless it has ended, and the tasks that wait for parts of it.

    First gRPC is let come to an end with it: what of a call ends after its event loop has closed
    is kept for good, and the next loop, another prompt's, logs "Event loop is closed" for it. What
    this looks at is private to grpcio: a version without it works too, and may say that.
    """
    try:
        known = call in _given_up or (call.done() and not call.cancelled())
        own = set() if known else _cancel(call)
        disturbed = False
        if parts := own | {part for part in waiting if not part.done()}:
            disturbed = await _undisturbed(_WIND_UP_SECONDS, parts)
        if not known:
            grace = _LAST_GRACE_SECONDS if disturbed else _GRACE_SECONDS
            disturbed |= await _undisturbed(grace)
        if disturbed:
            raise asyncio.CancelledError
    finally:
        call.cancel()
        for part in waiting:
            part.cancel()
            part.add_done_callback(lambda done: done.cancelled() or done.exception())
        own = parts = part = None
        del call, own, parts, waiting, part  # as in `settle`


async def _undisturbed(seconds: float, parts: set[asyncio.Future[Any]] | None = None) -> bool:
    """Wait for tasks, or without any just so long; return whether somebody cancelled meanwhile."""
    loop, cancelled = asyncio.get_running_loop(), False
    until = loop.time() + seconds
    while (left := until - loop.time()) > 0:
        try:
            if parts is None:
                await asyncio.sleep(left)
            else:
                await asyncio.wait(parts, timeout=left)
                break
        except asyncio.CancelledError:
            cancelled = True
    return cancelled


def _cancel(call: Any) -> set[asyncio.Future[Any]]:
    """Cancel a call, and return grpcio's own tasks that wait for parts of it: for the ends of
    streams those of all calls of the loop, as nothing tells them apart.
    """
    _given_up.add(call)
    inner: Any = getattr(call, "_cython_call", None)
    if call.done() or inner is None:
        call.cancel()
    else:  # as call.cancel does, which also cancels what waits
        inner.cancel("Given up by the client.")
    own = (getattr(call, name, None) for name in ("_preparation", "_call_response"))
    ends = (
        task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == _WATCHER
    )
    return {task for task in (*own, *ends) if isinstance(task, asyncio.Future) and not task.done()}
