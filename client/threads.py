"""How blocking work is done without holding up the event loop, and given up at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S")

# How much is worked on at once: more than there are processors would only take memory.
PROCESSORS = max(1, min(4, os.cpu_count() or 1))
# How long a cancelled waiter stays for its thread to notice; longer would be felt as a hang.
_GRACE_SECONDS = 0.05
# A run has short work for threads again and again. To start one holds up the event loop until it
# runs, for milliseconds on a busy computer; an idle one takes work at once, and soon leaves.
_IDLE_SECONDS = 0.1

# Does the work, and returns what tells of it.
Body = Callable[[], Callable[[], None]]
_idle: deque[queue.SimpleQueue[Body]] = deque()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a forked process has none of the threads


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

    def body() -> Callable[[], None]:
        settle: Callable[[], None]
        try:
            settle = partial(outcome.set_result, work(stop.is_set))
        except BaseException as error:
            settle = partial(outcome.set_exception, error)

        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and all who waited with it
                loop.call_soon_threadsafe(lambda: outcome.done() or settle())

        return tell

    _begin(body)
    del body
    try:
        await asyncio.wait({outcome})
    except asyncio.CancelledError:
        stop.set()
        try:
            await asyncio.wait({outcome}, timeout=_GRACE_SECONDS)
        finally:  # a loop that goes down cancels more than once
            if not outcome.cancel() and not outcome.cancelled():
                outcome.exception()  # marks it as seen
        raise
    return outcome.result()


def for_each(work: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """Return what `work` returns for each item, of which several are worked at once; blocks.

    For work that lets go of Python's lock, as packing and hashing do. Raises what the first `work`
    raises, when all that have begun are over.
    """
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(PROCESSORS, len(items)), "drawbridge-work") as pool:
        return list(pool.map(work, items))


def _begin(body: Body) -> None:
    """Have a thread do something: the one that was idle last, else a new one."""
    try:
        given = _idle.pop()
    except IndexError:
        given = queue.SimpleQueue()
        work = threading.Thread(target=_serve, args=(given,), name="drawbridge-work", daemon=True)
        work.start()
    given.put(body)


def _serve(given: queue.SimpleQueue[Body]) -> None:
    """Do what is given, until nothing is for a while."""
    while True:
        try:
            body = given.get(timeout=_IDLE_SECONDS)
        except queue.Empty:
            try:
                _idle.remove(given)
            except ValueError:  # something is on its way
                continue
            return
        tell = body()
        _idle.append(given)  # first, so that whoever is told finds it idle
        tell()
        del body, tell  # which hold what the work has made
