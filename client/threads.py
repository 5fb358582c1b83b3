"""How blocking work is done without holding up the event loop, and given up at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

T = TypeVar("T")

# How long a cancelled waiter stays for its thread to notice; longer would be felt as a hang.
_GRACE_SECONDS = 0.05


async def in_thread(work: Callable[[], T]) -> T:
    """Run `work()` in a thread and return what it returns; it is left alone where nobody waits."""
    return await in_stoppable_thread(lambda _: work())


async def in_stoppable_thread(work: Callable[[Callable[[], bool]], T]) -> T:
    """Run `work(stop)` in a thread; `stop()` becomes true when the waiting task is cancelled.

    Not `asyncio.to_thread`: its threads are joined when the event loop ends, so whatever does not
    stop holds up the next prompt of ComfyUI.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()
    stop = threading.Event()

    def body() -> None:
        settle: Callable[[], None]
        try:
            settle = partial(outcome.set_result, work(stop.is_set))
        except BaseException as error:
            settle = partial(outcome.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop is gone, and all who waited with it
            loop.call_soon_threadsafe(lambda: outcome.done() or settle())

    threading.Thread(target=body, name="drawbridge-work", daemon=True).start()
    try:
        await asyncio.wait({outcome})
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait({outcome}, timeout=_GRACE_SECONDS)
        if not outcome.done():
            outcome.cancel()
        elif not outcome.cancelled():
            outcome.exception()  # marks it as seen
        raise
    return outcome.result()
