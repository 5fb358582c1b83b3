"""One run of a pool: who is given what, and when it is over."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Sequence
from typing import TYPE_CHECKING

from ...errors import DrawbridgeError, ModelUnavailable, RequestRejected
from ..catalog.records import Catalog
from ..generation.assemble import Prepared, Wishes
from ..generation.events import Picture
from ..generation.request import GenerationRequest
from ..threads import in_thread
from .events import (
    Away,
    Back,
    Began,
    Finished,
    LeftOut,
    Missing,
    Part,
    Planned,
    PoolEvent,
    Returned,
)
from .items import Item, Items
from .kept import Fingerprints, Kept
from .member import Member
from .pace import Paces, is_of_help
from .seat import MOST_FAILURES_IN_A_ROW, Seat, Standing, is_of_the_way

if TYPE_CHECKING:
    from ..generation.images import Placed

# What becomes of a picture of an item, and what says that for the requests of a run.
Receive = Callable[[int, Picture], "Picture | Placed"]
Receiver = Callable[[Sequence[GenerationRequest]], Receive]
_LOOK_SECONDS = 0.1
_PLANNING_SECONDS = 0.5


class Run:
    """The state of a run. Whoever changes it calls `settle`, which wakes those who wait."""

    def __init__(
        self,
        members: Sequence[Member],
        wanted: Wishes | Prepared,
        *,
        paces: Paces,
        kept: Kept | None,
        token: Hashable,
        patience_seconds: float,
        demand_all: bool = False,
        receiver: Receiver | None = None,
    ) -> None:
        """Unless `demand_all`, the first server that can makes do without what it lacks."""
        self.wanted = wanted
        self.demand_all = demand_all
        self.receive: Receive = _checked
        self._receiver = receiver
        self.seats = [Seat(member) for member in members]
        self.planning = asyncio.Lock()
        self.prepared: Prepared | None = None
        self.items = Items(0)
        self._paces = paces
        self._kept = kept
        self._token = token
        self._patience_seconds = patience_seconds
        self._giving_up: asyncio.TimerHandle | None = None
        self._fingerprints = Fingerprints()
        self._specified = wanted.specified if isinstance(wanted, Wishes) else Catalog()
        self._has_recalled = False
        self._hashing: list[asyncio.Future[bytes]] = []
        self._again: set[int] = set()
        self._told: asyncio.Queue[PoolEvent | BaseException | None] = asyncio.Queue()
        self._changed = asyncio.Event()
        self._over = False
        self._planning_since: float | None = None
        if isinstance(wanted, Prepared):
            self.plan(wanted)

    async def events(self) -> AsyncGenerator[PoolEvent, None]:
        """Yield what happens, to the end. Raises what `fail` was given."""
        while (event := await self._told.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event

    def tell(self, event: PoolEvent) -> None:
        """Have `events` yield an event."""
        self._told.put_nowait(event)

    def fail(self, error: BaseException) -> None:
        """End the run with an error."""
        self._over = True
        self._told.put_nowait(error)
        self._notify()

    def close(self) -> None:
        """End the run: whoever waits for work goes home, also one whose cancellation gets lost, as
        it can in Python's wait_for before 3.12.
        """
        self._over = True
        for task in self._hashing:
            task.cancel()
        self._stop_giving_up()
        self._notify()

    def _stop_giving_up(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    @property
    def several(self) -> bool:
        """Return whether there are several servers."""
        return len(self.seats) > 1

    @contextlib.asynccontextmanager
    async def joining(self, seat: Seat) -> AsyncIterator[None]:
        """Count a connection to a server, from before it is made until it is closed."""
        seat.holding += 1
        if self.prepared is None and self._planning_since is None:
            self._planning_since = time.monotonic()
        try:
            yield
        finally:
            seat.holding -= 1

    @property
    def wants_too_much(self) -> bool:
        """Return whether it has ended because no server has all that is demanded."""
        if self.prepared is not None or not self.demand_all:
            return False
        return any(isinstance(seat.error, ModelUnavailable) for seat in self.seats)

    def plan(self, prepared: Prepared) -> None:
        """Take over what is to be made."""
        self.prepared = prepared
        self.items = Items(len(prepared.requests))
        if self._receiver is not None:
            self.receive = self._receiver(prepared.requests)
        self.tell(Planned(prepared))

    async def recall(self, seat: Seat) -> None:
        """Take what earlier runs have finished at that server; before the first one begins, also at
        those that are not here yet and may not come.
        """
        if self._kept is None or not len(self._kept):
            return
        seats = [seat]
        if not self._has_recalled:
            self._has_recalled = True
            seats += [one for one in self.seats if one is not seat and one.requests is None]
        for one in seats:
            await self._recall(self._kept, one)

    async def _recall(self, kept: Kept, seat: Seat) -> None:
        for item in self.items.open:
            key = await in_thread(
                lambda item=item: self._key(seat, item, apart=seat.requests is None)
            )
            if item.running_at is not None or item.over:
                continue
            part = kept.find(key, self._token)
            if part is None:
                continue
            if part.whole:
                self.items.finish(item)
                self.tell(Finished(item.number, seat.member, part.pictures, part.sounds, kept=True))
            else:
                if part.failed:
                    self._again.add(item.number)
                item.best = better(item.best, part)

    def works(self, seat: Seat) -> None:
        """Note that a server answers."""
        if seat.standing is Standing.AWAY:
            self.tell(Back(seat.member))
        seat.standing = Standing.WORKING
        self.settle()

    def loses(self, seat: Seat, error: DrawbridgeError) -> None:
        """Note that a server does not answer."""
        if self.prepared is None:
            self._planning_since = None  # let the next one try
        if seat.standing not in (Standing.AWAY, Standing.OUT):
            seat.standing = Standing.AWAY
            self.tell(Away(seat.member, error))
        seat.error = error
        self.settle()

    def leave_out(self, seat: Seat, error: DrawbridgeError) -> None:
        """Do without a server from now on."""
        if self.prepared is None:
            self._planning_since = None
        if not seat.is_out:
            seat.standing, seat.error = Standing.OUT, error
            self.tell(LeftOut(seat.member, error))
        self.settle()

    async def is_wanted(self, seat: Seat) -> bool:
        """Wait until there is work for a server; return False when there will not be any."""
        while not self._over and not seat.is_out:
            if self.prepared is None:
                wanted = waits = True
                if self._planning_since is not None:  # one is enough to learn what there is to do
                    wanted = time.monotonic() - self._planning_since > _PLANNING_SECONDS
            else:
                waits = bool(self.items.waiting(seat.member))  # faster ones may get slower
                wanted = waits and (seat.requests is None or self._is_worth(seat))
            if wanted:
                return True
            changed = self._changed
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(changed.wait(), _LOOK_SECONDS if waits else None)
        return False

    def take(self, seat: Seat) -> Item | None:
        """Give the next item to a server, if there is one for it."""
        if self._over or seat.is_out or not self._is_worth(seat):
            return None
        return self.items.take(seat.member)

    def begin(self, seat: Seat, item: Item) -> GenerationRequest:
        """Return what a server is to get for an item that it has taken."""
        assert seat.requests is not None
        request = seat.requests[item.number]
        if self._kept is not None and _has_pictures(request):  # beside the work, for its end
            self._hashing.append(asyncio.ensure_future(in_thread(lambda: self._key(seat, item))))
        seat.begun[item.number] = time.monotonic()
        self.tell(Began(item.number, seat.member))
        return request

    def finish(self, seat: Seat, item: Item, part: Part) -> None:
        """Take what a server has made."""
        assert seat.requests is not None
        seconds = time.monotonic() - seat.begun.pop(item.number)
        seat.failures_in_a_row = 0
        self._paces.note(seat.member.key, seat.requests[item.number], seconds)
        self._keep(seat, item, part)
        self.items.finish(item)
        self.tell(Finished(item.number, seat.member, part.pictures, part.sounds))
        self.settle()

    def give_back(
        self, seat: Seat, item: Item, part: Part, error: DrawbridgeError, *, sent: bool
    ) -> None:
        """Take note that a server did not finish an item; `sent` says that it had it already."""
        seat.begun.pop(item.number, None)
        item.best = better(item.best, part)
        item.last_seat = seat
        seat.failures_in_a_row += 1
        self.items.give_back(item, error, sent=sent, broken=is_of_the_way(error))
        self.tell(Returned(item.number, seat.member, error))
        if seat.failures_in_a_row >= MOST_FAILURES_IN_A_ROW:
            self.leave_out(seat, error)
        else:
            self.settle()

    def stop(self, seat: Seat, item: Item, part: Part) -> None:
        """Keep what has come of an item that is stopped on its way."""
        if part.pictures or part.sounds:
            self._keep(seat, item, better(part, item.best))

    def _keep(self, seat: Seat, item: Item, part: Part) -> None:
        if self._kept is not None:
            apart = self._key(seat, item, apart=True) if self.several else b""
            self._kept.keep(self._key(seat, item), part, self._token, apart)

    def settle(self) -> None:
        """Find out what is over, and wake those who wait."""
        if self._over:
            return
        if self.prepared is None:
            if all(seat.is_out for seat in self.seats):
                self.fail(self._nobody())
                return
        else:
            able = [seat.member for seat in self.seats if not seat.is_out]
            for item in self.items.hopeless(able):
                self.tell(self._missing(item))
            if not self.items.open:
                self._over = True
                self._told.put_nowait(None)
        self._watch()
        self._notify()

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _watch(self) -> None:
        """Be patient for a while where only servers that are away could go on."""
        if self._over or self._goes_on():
            self._stop_giving_up()
        elif self._giving_up is None:
            if self._patience_seconds <= 0:
                self._give_up()
            else:
                loop = asyncio.get_running_loop()
                self._giving_up = loop.call_later(self._patience_seconds, self._give_up)

    def _goes_on(self) -> bool:
        return any(item.running_at for item in self.items.open) or any(
            seat.standing is Standing.STARTING
            or (seat.standing is Standing.WORKING and self.items.waiting(seat.member))
            for seat in self.seats
        )

    def _give_up(self) -> None:
        self._giving_up = None
        away = [seat for seat in self.seats if seat.standing is Standing.AWAY]
        for seat in away:
            seat.standing = Standing.OUT
            assert seat.error is not None
            self.tell(LeftOut(seat.member, seat.error))
        self.settle()

    def _is_worth(self, seat: Seat) -> bool:
        waiting = self.items.waiting(seat.member)
        if not waiting or seat.requests is None:
            return False
        request, now = seat.requests[waiting[0].number], time.monotonic()
        others: list[tuple[float, float]] = []
        for other in self.seats:
            seconds = self._paces.seconds(other.member.key, request)
            if other is not seat and other.standing is Standing.WORKING and seconds is not None:
                others += other.workers(now, seconds)
        return is_of_help(self._paces.seconds(seat.member.key, request), len(waiting), others)

    def _key(self, seat: Seat, item: Item, *, apart: bool = False) -> bytes:
        """Return what the item at that server is kept under, also while it may be away; blocks for
        pictures that are new.
        """
        assert self.prepared is not None
        requests = self.prepared.requests if apart or seat.requests is None else seat.requests
        request = requests[item.number]
        if apart:
            return self._fingerprints.apart(seat.member.key, request, self._specified)
        return self._fingerprints.of(seat.member.key, request)

    def _missing(self, item: Item) -> Missing:
        by_itself = item.error is not None and not item.broken
        error = item.error or self._nobody()
        again, best = item.number in self._again, item.best
        if item.last_seat is not None:
            part = Part(best.pictures, best.sounds, failed=by_itself)
            self._keep(item.last_seat, item, part)
        return Missing(item.number, error, best.pictures, best.sounds, again, by_itself)

    def _nobody(self) -> DrawbridgeError:
        """Return the error that says why no server is left."""
        errors = [seat.error for seat in self.seats if seat.error is not None]
        if not errors:
            return RequestRejected("The pool has no server.", "Name at least one.")
        first, *others = dict.fromkeys(errors)
        return first.with_more(" ".join(error.problem for error in others))


def _checked(item: int, picture: Picture) -> Picture:
    from ..generation.results import check_picture

    check_picture(picture)
    return picture


def _has_pictures(request: GenerationRequest) -> bool:
    return request.image is not None or request.mask is not None or bool(request.hints)


def better(one: Part, other: Part) -> Part:
    """Return what has more of an item: by its picture of each place."""
    pictures = {picture.index: picture for picture in (*other.pictures, *one.pictures)}
    sounds = {sound.index: sound for sound in (*other.sounds, *one.sounds)}
    return Part(
        tuple(pictures[index] for index in sorted(pictures)),
        tuple(sounds[index] for index in sorted(sounds)),
        failed=one.failed or other.failed,
    )
