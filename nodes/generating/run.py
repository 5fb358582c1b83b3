"""The run of Generate: requests go out, events become pictures, sound and words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import partial

from ...client.generation.assemble import Prepared, Wishes
from ...client.generation.events import Audio, Picture, Preview
from ...client.generation.images import Images, Placed
from ...client.generation.request import GenerationRequest
from ...client.pool.events import (
    Away,
    Back,
    Began,
    Finished,
    LeftOut,
    Missing,
    News,
    Planned,
    PoolEvent,
    Returned,
)
from ...client.pool.pool import Pool
from ...client.pool.run import Receive
from ...client.store.server import Server
from ...client.threads import in_thread
from ..host import STOPS, Display, note_end
from ..records import Model
from ..servers.addresses import each
from ..servers.lookup import PATIENCE_SECONDS
from . import unfinished
from .board import Board, Running
from .members import member
from .previews import Previews, first_frame
from .result import Result, result
from .server_queue import QUEUE, Place

LOG = logging.getLogger(__name__)


async def generate(model: Model, wishes: Wishes, display: Display) -> Result | None:
    """Generate at the model's servers, as soon as it is this node's turn there.

    None where nothing came and siblings have results. Raises DrawbridgeError for what goes wrong,
    and lets through what `display` raises.
    """

    async def begin(place: Place) -> Result | None:
        known = await each(model.server)
        return await _Generation(known, display, place).run(wishes)

    return await QUEUE.join(display.node_id, begin)


class _Generation:
    """One item of the node: what its servers make of its requests."""

    def __init__(self, known: Sequence[Server], display: Display, place: Place) -> None:
        self._display = display
        self._place = place
        if place.siblings.board is None:
            place.siblings.board = Board(display)
        self._board: Board = place.siblings.board
        self._previews = Previews()
        self._images = Images(())
        self._known = known
        self._several = len(known) > 1
        self._prepared: Prepared | None = None
        self._finished: dict[int, Finished] = {}
        self._missing: dict[int, Missing] = {}
        self._running: dict[int, Running] = {}

    async def run(self, wishes: Wishes) -> Result | None:
        """Generate. Raises ItemFailed for what is this item's own trouble."""
        self._board.start()
        receiving = asyncio.ensure_future(self._receive(wishes))
        showing = asyncio.ensure_future(self._previews.show())
        for task in (receiving, showing):
            task.add_done_callback(note_end)
        try:
            try:
                # `showing` ends only by an error or an interruption, which is then the run's own
                done, _ = await asyncio.wait(
                    {receiving, showing}, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
            finally:
                await self._give_up((receiving, showing))
        except STOPS:
            if self._finished or self._place.siblings.finished:
                self._display.say(unfinished.STOPPED)
            raise
        return await self._end()

    async def _give_up(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for running in self._running.values():
            self._board.end(running, done=False)
        self._running.clear()

    async def _receive(self, wishes: Wishes) -> None:
        # Nothing that lasts holds a method of this object: a circle would keep the pictures.
        waits = partial(self._board.start, "Waiting for another node")
        pool = Pool(
            [member(one, self._place, waits) for one in self._known],
            paces=QUEUE.paces,
            kept=QUEUE.kept,
            echo_seconds=PATIENCE_SECONDS,
            receiver=self._make_room,
        )
        happening = pool.generate(wishes, self._place.siblings.token)
        async with contextlib.aclosing(happening) as events:
            async for event in events:
                self._take(event)

    def _take(self, event: PoolEvent) -> None:
        match event:
            case Planned(prepared):
                self._prepared = prepared
                for note in prepared.notes:
                    LOG.warning("Generate: %s", note)
                self._board.note(*prepared.notes)
            case Began(item, server):
                self._board.expect(self._place.total * self._count)
                number = (self._place.number - 1) * self._count + item + 1
                name = server.name if self._several else ""
                self._running[item] = self._board.begin(name, number, self._request(item))
            case News(item, _, Preview() as preview):
                self._previews.offer(self._running[item], preview)
            case News(item, _, news):
                if not isinstance(news, Audio | Preview | Picture | Placed):
                    self._running[item].report(news)
            case Returned(item, server, error):
                self._stop(item, done=False)
                LOG.warning(
                    "Generate: %s did not finish request %d. %s",
                    server.name,
                    item + 1,
                    error.problem,
                )
            case Finished(item):
                self._finished[item] = event
                self._show_first(event)
                self._stop(item, done=True)
            case Missing(item):
                self._missing[item] = event
                self._stop(item, done=True)
            case Away(server, error):
                LOG.warning("Generate: %s is away. %s", server.name, error.problem)
            case Back(server):
                LOG.info("Generate: %s is back.", server.name)
            case LeftOut(server, error):
                if self._several:
                    LOG.warning("Generate: %s is left out. %s", server.name, error.problem)
                    self._board.note(f"Left out: {server.name}. {error.problem}")

    def _make_room(self, requests: Sequence[GenerationRequest]) -> Receive:
        self._images = Images(requests)
        return self._images.place

    def _show_first(self, finished: Finished) -> None:
        running = self._running.get(finished.item)
        if running is not None and (shown := first_frame(running, finished.pictures[0])):
            running.preview(shown)

    def _request(self, item: int) -> GenerationRequest:
        assert self._prepared is not None
        return self._prepared.requests[item]

    @property
    def _count(self) -> int:
        return len(self._prepared.requests) if self._prepared else 1

    def _stop(self, item: int, *, done: bool) -> None:
        running = self._running.pop(item, None)
        if running is None:
            if done:
                self._board.skip()
            return
        self._previews.forget(running)
        self._board.end(running, done=done)

    async def _end(self) -> Result | None:
        assert self._prepared is not None
        missing = [self._missing[item] for item in sorted(self._missing)]
        come = sorted(
            [*self._finished.values(), *(one for one in missing if one.pictures)],
            key=lambda one: one.item,
        )
        if missing:
            settled = await unfinished.settle(self._place, self._prepared, missing, come)
            if not come:
                self._board.finish()
                return None
            self._board.note(settled)
        self._board.finish()
        prepared: Prepared = self._prepared
        made: Sequence[Finished | Missing] = come
        pictures = [one for each in made for one in each.pictures]
        return await in_thread(lambda: result(prepared, made, self._images.whole(pictures)))
