"""Several servers as one: each makes as much as it can, and nothing is made twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Hashable, Sequence
from typing import TYPE_CHECKING

from ...errors import DrawbridgeError, RequestRejected
from ..catalog.records import Catalog
from ..generation.assemble import Prepared, Wishes
from ..generation.events import Audio, Event, Picture
from ..threads import in_thread
from .events import LeftOut, News, Part, PoolEvent
from .fitting import fit, fitted
from .items import Item
from .kept import Kept
from .member import Member
from .pace import Paces
from .run import Receiver, Run
from .seat import Seat, is_of_the_way, may_pass

if TYPE_CHECKING:
    from ..client import DrawThingsClient
    from ..generation.images import Placed
    from ..generation.request import GenerationRequest

# A server that is away is asked again after this many seconds, then after twice as many, and so on.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 15.0
PATIENCE_SECONDS = 20.0


class Pool:
    """Servers that share the work of each run.

    Every item (a request of the wishes) goes to one server at a time. One that a server refuses,
    fails at or dies over goes to each of the others once, and is missing when all have failed. A
    server that is away is asked again and again while others work, and for `patience_seconds` where
    nobody else is left; one that lacks a file, or shows three failures in a row, is left out.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        paces: Paces | None = None,
        kept: Kept | None = None,
        patience_seconds: float | None = None,
        echo_seconds: float = 30,
        receiver: Receiver | None = None,
    ) -> None:
        """`paces` remembers from run to run how fast servers are, and `kept` what runs have
        finished that did not end well. `patience_seconds` is 0 for a single server, if it is not
        given; `echo_seconds` is how long a server may take to greet. `receiver` returns, for the
        requests of a run, what is made of each picture of an item, in a thread, as
        `DrawThingsClient.generate` has it; without one a picture is looked at and stays as it is.
        """
        self._members = tuple(members)
        self._paces = Paces() if paces is None else paces
        self._kept = kept
        several = len(self._members) > 1
        usual = PATIENCE_SECONDS if several else 0.0
        self._patience_seconds = usual if patience_seconds is None else patience_seconds
        self._echo_seconds = echo_seconds
        self._receiver = receiver

    async def generate(
        self, wanted: Wishes | Prepared, token: Hashable = None
    ) -> AsyncGenerator[PoolEvent, None]:
        """Generate, and yield what happens: Planned first, and for each item, in any order, at last
        Finished or Missing.

        Requests that are prepared already must differ in prompts, seeds and pictures alone.

        `token` is what the run is called by for `kept`. Ends all calls within moments when the
        generator is closed or its task cancelled. Raises RequestRejected for wishes that no server
        would take, and what is wrong with the servers where none can take part.
        """
        left_out: list[PoolEvent] = []
        run = self._run(wanted, token, demand_all=len(self._members) > 1)
        try:
            async with contextlib.aclosing(self._events(run)) as events:
                async for event in events:
                    if run.prepared is None and run.demand_all and isinstance(event, LeftOut):
                        left_out.append(event)  # the last word on it has not been spoken
                        continue
                    yield event
                    while left_out:
                        yield left_out.pop(0)
                return
        except DrawbridgeError as error:
            if isinstance(error, RequestRejected) or not run.wants_too_much:
                raise
        # Each does without what it lacks, as a single one would.
        run = self._run(wanted, token, demand_all=False)
        async with contextlib.aclosing(self._events(run)) as events:
            async for event in events:
                yield event

    def _run(self, wanted: Wishes | Prepared, token: Hashable, *, demand_all: bool) -> Run:
        return Run(
            self._members,
            wanted,
            paces=self._paces,
            kept=self._kept,
            token=token,
            patience_seconds=self._patience_seconds,
            demand_all=demand_all,
            receiver=self._receiver,
        )

    async def _events(self, run: Run) -> AsyncGenerator[PoolEvent, None]:
        """Have the servers work, and yield what happens."""
        tasks = [
            asyncio.ensure_future(self._serve(run, seat))
            for seat in run.seats
            for _ in range(max(seat.member.at_once, 1))
        ]
        for task in tasks:
            task.add_done_callback(lambda done: _report(run, done))
        run.settle()  # there may be no server at all
        try:
            async with contextlib.aclosing(run.events()) as events:
                async for event in events:
                    yield event
        finally:
            run.close()
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    async def _serve(self, run: Run, seat: Seat) -> None:
        """Work with one connection to a server after the other, for as long as it is of use."""
        pause_seconds = _FIRST_PAUSE_SECONDS
        while await run.is_wanted(seat):
            try:
                async with seat.member.turn(), run.joining(seat), seat.member.open() as client:
                    await self._join(run, seat, client)
                    pause_seconds = _FIRST_PAUSE_SECONDS
                    while (item := run.take(seat)) is not None:
                        await _make(run, seat, client, item)
                continue
            except DrawbridgeError as error:
                if not may_pass(error):
                    run.leave_out(seat, error)
                    return
                run.loses(seat, error)
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)

    async def _join(self, run: Run, seat: Seat, client: DrawThingsClient) -> None:
        """Greet a server, and find out what it would be sent. Raises DrawbridgeError."""
        async with seat.joining:
            if seat.requests is not None:
                await client.echo(self._echo_seconds)
            else:
                seat.requests = await self._requests(run, client)
                await run.recall(seat)
        run.works(seat)

    async def _requests(self, run: Run, client: DrawThingsClient) -> tuple[GenerationRequest, ...]:
        client.begin()
        catalog = await client.catalog(timeout_seconds=self._echo_seconds)
        async with run.planning:
            if run.prepared is None:
                assert isinstance(run.wanted, Wishes)
                try:
                    prepared = await client.prepare(run.wanted, catalog, demand_all=run.demand_all)
                except RequestRejected as error:  # what no server would take
                    run.fail(error)
                    raise
                if run.several:
                    await fit(client, catalog, prepared.requests[0], run.wanted.specified)
                run.plan(prepared)
                return prepared.requests
        specified = run.wanted.specified if isinstance(run.wanted, Wishes) else Catalog()
        planned, address = run.prepared.requests, client.endpoint.address
        known = await fit(client, catalog, planned[0], specified)
        return await in_thread(lambda: tuple(fitted(one, known, address) for one in planned))


async def _make(run: Run, seat: Seat, client: DrawThingsClient, item: Item) -> None:
    """Have a server make an item. Raises what is wrong with the way to it."""
    request = run.begin(seat, item)
    making = _Making(request)

    def receive(picture: Picture) -> Picture | Placed:
        return run.receive(item.number, picture)

    try:
        async with contextlib.aclosing(client.generate(request, receive)) as events:
            async for event in events:
                making.sent = True
                if await making.takes(event):
                    run.tell(News(item.number, seat.member, event))
        making.check()
    except asyncio.CancelledError:
        run.stop(seat, item, making.part())
        raise
    except DrawbridgeError as error:
        run.give_back(seat, item, making.part(), error, sent=making.sent)
        if is_of_the_way(error):
            raise
    else:
        run.finish(seat, item, making.part(whole=True))


class _Making:
    """What comes of an item at one server."""

    def __init__(self, request: GenerationRequest) -> None:
        self.sent = False
        self._version = request.version
        self._pictures: list[Picture | Placed] = []
        self._sounds: list[Audio] = []
        self._damage: DrawbridgeError | None = None

    async def takes(self, event: Event | Placed) -> bool:
        """Take an event, and what it may bring; a sound only if it can be heard, and say whether
        it does.
        """
        from ..generation.images import Placed

        if isinstance(event, Audio):
            return await self._takes_sound(event)
        if isinstance(event, Picture | Placed):
            self._pictures.append(event)
        return True

    async def _takes_sound(self, sound: Audio) -> bool:
        from ..generation.results import to_sound

        try:
            await in_thread(lambda: to_sound(sound, self._version))
        except DrawbridgeError as error:
            self._damage = self._damage or error
            return False
        self._sounds.append(sound)
        return True

    def check(self) -> None:
        """Raise what was wrong with the first sound that was not taken."""
        if self._damage is not None:
            raise self._damage

    def part(self, *, whole: bool = False) -> Part:
        """Return what has come."""
        return Part(tuple(self._pictures), tuple(self._sounds), whole)


def _report(run: Run, done: asyncio.Task[None]) -> None:
    """Have the run end with an error that is none of ours."""
    if not done.cancelled() and (error := done.exception()) is not None:
        run.fail(error)
