"""The queue at servers: who of one prompt may use which server, and who belongs together.

ComfyUI starts all items of a list at once, as it does all branches of a graph, and a Draw Things
server works on one request at a time. Sent together, they would be in anybody's order on the
server, and each would hold a connection.

ComfyUI also waits for all items of a node before it looks how they ended. So an error that all of
them would meet stops them, else the person would see it, or the end of an interruption, only after
the last one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from ...client.pool.kept import Kept
from ...client.pool.pace import Paces
from ...errors import Cancelled, DrawbridgeError
from ..host import note_end

T = TypeVar("T")
# ComfyUI starts the items of a list one round of its loop apart. One that fails at once stays for a
# few rounds more, so that those that come behind it hear of it; and whoever gets the place of
# another waits for a few, to hear how that has ended.
ROUNDS_TO_TELL = 3
ROUNDS_TO_HEAR = 10
MOST_FAILURES_IN_A_ROW = 3


class ItemFailed(Exception):
    """An item of a list failed by itself, and its siblings go on; `error` is to be raised."""

    def __init__(self, error: DrawbridgeError) -> None:
        super().__init__(error)
        self.error = error


@dataclass(eq=False)
class Line:
    """Those who wait for one address, first come, first served."""

    places: int
    taken: int = 0
    holders: list[str] = field(default_factory=list)
    waiting: deque[tuple[str, asyncio.Event]] = field(default_factory=deque)

    @contextlib.asynccontextmanager
    async def turn(self, node_id: str, waiting: Callable[[], None]) -> AsyncIterator[bool]:
        """Hold a place; `waiting` is called where others than this node have them all.

        It is said whether it had to be waited for.
        """
        waited = False
        if self.taken >= self.places or self.waiting:
            if {node_id} != {*self.holders, *(one for one, _ in self.waiting)}:
                waiting()
            waited = True
            called = asyncio.Event()
            entry = (node_id, called)
            self.waiting.append(entry)
            try:
                await called.wait()
            except asyncio.CancelledError:
                if called.is_set():  # the place was given to it in the same moment
                    self._free(node_id)
                else:
                    self.waiting.remove(entry)
                raise
        else:
            self._give(node_id)
        try:
            yield waited
        finally:
            self._free(node_id)

    def _give(self, node_id: str) -> None:
        self.taken += 1
        self.holders.append(node_id)

    def _free(self, node_id: str) -> None:
        self.taken -= 1
        self.holders.remove(node_id)
        if self.waiting and self.taken < self.places:
            first, called = self.waiting.popleft()
            self._give(first)
            called.set()


@dataclass(eq=False)
class Siblings:
    """The items of one node in one prompt: how many there are, and how they ended.

    `board` is whatever they show together.
    """

    entered: int = 0
    present: int = 0
    idle: int = 0
    finished: int = 0
    failures_in_a_row: int = 0
    failed: bool = False
    failure: Exception | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    board: Any = None
    token: object = field(default_factory=object)  # what is kept for them is kept under

    def stop(self, failure: Exception) -> None:
        """Have all of them end as one has ended."""
        self.failed = True
        if self.failure is None:
            self.failure = failure
            self.stopped.set()

    def notify(self) -> None:
        """Wake those who wait for the others."""
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()


@dataclass(eq=False)
class _Prompt:
    """What runs in one event loop, which is one prompt."""

    siblings: dict[str, Siblings] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Place:
    """Which item of a node's list this is, counted from 1, and its way to the servers."""

    number: int
    node_id: str
    siblings: Siblings
    _lines: dict[str, Line]

    @property
    def total(self) -> int:
        """Return the items of the list; sure as soon as the first one has waited for anything."""
        return self.siblings.entered

    def turn(
        self, address: str, at_once: int = 1, waiting: Callable[[], None] = lambda: None
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Hold one of the `at_once` places at a server; `waiting` is called where others have it.

        Siblings have nothing to say of each other: the node shows what is under way.
        """
        line = self._lines.setdefault(address, Line(at_once))
        line.places = max(line.places, at_once)
        return self._turn(line, waiting)

    @contextlib.asynccontextmanager
    async def _turn(self, line: Line, waiting: Callable[[], None]) -> AsyncIterator[None]:
        async with line.turn(self.node_id, waiting) as waited:
            for _ in range(ROUNDS_TO_HEAR if waited else 0):
                await asyncio.sleep(0)
            if self.siblings.failure is not None:
                raise self.siblings.failure
            yield

    async def others(self) -> int:
        """Wait until all siblings have ended, or wait themselves; return how many ended well."""
        siblings = self.siblings
        siblings.idle += 1
        siblings.notify()
        try:
            while siblings.idle < siblings.present:
                await siblings.changed.wait()
        finally:
            siblings.idle -= 1
        return siblings.finished


class ServerQueue:
    """Owns the lines at servers, and what Generate keeps from one prompt to the next."""

    def __init__(self) -> None:
        self.kept = Kept()
        self.paces = Paces()
        # Each has an entry only while something of it runs, so nothing of a loop outlives it.
        self._prompts: WeakKeyDictionary[asyncio.AbstractEventLoop, _Prompt] = WeakKeyDictionary()

    def close(self) -> None:
        """Forget everything that no running prompt needs."""
        self.kept.close()
        self.paces = Paces()

    @property
    def prompts(self) -> int:
        """Return how many event loops are at work."""
        return len(self._prompts)

    async def join(self, node_id: str, work: Callable[[Place], Coroutine[Any, Any, T]]) -> T:
        """Await `work(place)`, which holds a turn at each server for as long as it uses that.

        Raises what `work` raises; the error of an ItemFailed, which leaves the siblings (the items
        of the same `node_id`) alone, but for the third in a row. Any other error stops them: it is
        raised in each, whose work is cancelled or never called; Cancelled where one was cancelled.
        """
        loop = asyncio.get_running_loop()
        prompt = self._prompts.setdefault(loop, _Prompt())
        siblings = prompt.siblings.setdefault(node_id, Siblings())
        if not siblings.present:
            self.kept.begin(siblings.token)
        siblings.entered += 1
        siblings.present += 1
        place = Place(siblings.entered, node_id, siblings, prompt.lines)
        try:
            return await _unless_stopped(work, place)
        except ItemFailed as failed:
            raise failed.error from failed.error.__cause__
        except asyncio.CancelledError:
            siblings.stop(Cancelled())
            raise
        except Exception as error:
            siblings.stop(error)
            for _ in range(ROUNDS_TO_TELL):
                await asyncio.sleep(0)
            raise
        finally:
            siblings.present -= 1
            siblings.notify()
            if not siblings.present:
                prompt.siblings.pop(node_id, None)
                self.kept.end(siblings.token, well=not siblings.failed)
            if not prompt.siblings:
                self._prompts.pop(loop, None)


QUEUE = ServerQueue()


async def _counted(work: Callable[[Place], Coroutine[Any, Any, T]], place: Place) -> T:
    """Await `work(place)`, and take note of how it ends before anything else happens."""
    siblings = place.siblings
    try:
        result = await work(place)
    except ItemFailed as failed:
        siblings.failed = True
        siblings.failures_in_a_row += 1
        if siblings.failures_in_a_row >= MOST_FAILURES_IN_A_ROW:
            siblings.stop(failed.error)
        raise
    except Exception as error:
        siblings.stop(error)
        raise
    siblings.finished += 1
    siblings.failures_in_a_row = 0
    return result


async def _unless_stopped(work: Callable[[Place], Coroutine[Any, Any, T]], place: Place) -> T:
    """Await `work(place)`; stop it and raise what ended a sibling as soon as that happens."""
    siblings = place.siblings
    if siblings.failure is not None:
        raise siblings.failure
    task = asyncio.ensure_future(_counted(work, place))
    task.add_done_callback(note_end)
    stopped = asyncio.ensure_future(siblings.stopped.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        task.cancel()  # does nothing to a task that is done
        await asyncio.wait({task, stopped})
    if task.cancelled() and siblings.failure is not None:
        raise siblings.failure
    return task.result()
