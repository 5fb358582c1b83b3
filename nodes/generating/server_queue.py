"""The queue at a server: the generations of one prompt go to it one after the other.

ComfyUI starts all items of a list at once, as it does all branches of a graph, and a Draw Things
server works on one request at a time. Sent together, they would share one progress bar, each would
hold a connection, and their order on the server would be anybody's.

ComfyUI also waits for all items of a node before it looks how they ended. So the first that fails
stops its siblings, else the person would see the error, or the end of an interruption, only after
the last picture.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from ...errors import Cancelled

T = TypeVar("T")
# ComfyUI starts the items of a list one round of its loop apart. One that fails at once stays for a
# few rounds more, so that those that come behind it hear of it.
ROUNDS_TO_TELL = 3


@dataclass
class _Siblings:
    """The items of one node in one prompt: how many there are, and what ended one of them."""

    entered: int = 0
    present: int = 0
    failure: Exception | None = None
    failed: asyncio.Event = field(default_factory=asyncio.Event)

    def fail(self, failure: Exception) -> None:
        if self.failure is None:
            self.failure = failure
            self.failed.set()


@dataclass
class _Line:
    """Those who wait for one server."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    present: int = 0


@dataclass
class _Prompt:
    """What runs in one event loop, which is one prompt."""

    siblings: dict[str, _Siblings] = field(default_factory=dict)
    lines: dict[str, _Line] = field(default_factory=dict)


# Each has an entry only while something of it runs, so nothing of a loop outlives it.
_PROMPTS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Prompt] = WeakKeyDictionary()


@dataclass(frozen=True)
class Turn:
    """Which item of a node's list this is, counted from 1."""

    number: int
    _siblings: _Siblings = field(repr=False)

    @property
    def total(self) -> int:
        """Return the items of the list; sure as soon as the first one has waited for anything."""
        return self._siblings.entered


async def in_turn(
    address: str,
    node_id: str,
    work: Callable[[Turn], Coroutine[Any, Any, T]],
    waiting: Callable[[], None] | None = None,
) -> T:
    """Await `work(turn)` when all that came earlier for the server at `address` are done.

    In one event loop it is first come, first served; `work` is not called before. `waiting` is
    called if the server is busy with another node's work, for a word to the person: siblings have
    nothing to say, since the node shows what the first of them does. Raises what `work` raises, and
    what a sibling (an item of the same `node_id`) has raised: then `work` is not called, or is
    cancelled. Where a sibling was cancelled, Cancelled is raised.
    """
    loop = asyncio.get_running_loop()
    prompt = _PROMPTS.setdefault(loop, _Prompt())
    siblings = prompt.siblings.setdefault(node_id, _Siblings())
    line = prompt.lines.setdefault(address, _Line())
    others = line.present > 0 and not siblings.present
    siblings.entered += 1
    siblings.present += 1
    line.present += 1
    try:
        if others and waiting is not None:
            waiting()
        turn = Turn(siblings.entered, siblings)
        return await _unless_failed(_queue(line.lock, siblings, turn, work), siblings)
    except asyncio.CancelledError:
        siblings.fail(Cancelled())
        raise
    except Exception as error:
        siblings.fail(error)
        for _ in range(ROUNDS_TO_TELL):
            await asyncio.sleep(0)
        raise
    finally:
        siblings.present -= 1
        line.present -= 1
        if not siblings.present:
            prompt.siblings.pop(node_id, None)
        if not line.present:
            prompt.lines.pop(address, None)
        if not prompt.siblings:
            _PROMPTS.pop(loop, None)


async def _queue(
    lock: asyncio.Lock,
    siblings: _Siblings,
    turn: Turn,
    work: Callable[[Turn], Coroutine[Any, Any, T]],
) -> T:
    async with lock:  # first come, first served
        if siblings.failure is not None:
            raise siblings.failure
        try:
            return await work(turn)
        # Told before the lock is free, else the next one in line would begin.
        except asyncio.CancelledError:
            siblings.fail(Cancelled())
            raise
        except Exception as error:
            siblings.fail(error)
            raise


async def _unless_failed(work: Coroutine[Any, Any, T], siblings: _Siblings) -> T:
    """Await `work`; stop it and raise what ended a sibling as soon as that happens."""
    task = asyncio.ensure_future(work)
    failed = asyncio.ensure_future(siblings.failed.wait())
    try:
        await asyncio.wait({task, failed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        failed.cancel()
        task.cancel()  # does nothing to a task that is done
        await asyncio.wait({task, failed})
    if siblings.failure is not None:
        raise siblings.failure
    return task.result()
