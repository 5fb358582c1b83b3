"""Pools of emulators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest

from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.pool.events import (
    Began,
    Finished,
    LeftOut,
    Missing,
    Planned,
    PoolEvent,
    Returned,
)
from drawbridge.client.pool.member import Member
from drawbridge.client.pool.pool import Pool
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.secret import Secret
from drawbridge.emulator.server.server import Emulator, Options


@pytest.fixture
def serve() -> Iterator[Callable[..., Emulator]]:
    """Start emulators with the given options."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(Options(**options)))


@dataclass
class Story:
    """What a run has told."""

    events: list[PoolEvent] = field(default_factory=list)

    def of(self, kind: type[Any]) -> list[Any]:
        return [one for one in self.events if isinstance(one, kind)]

    @property
    def seeds(self) -> list[int]:
        """The seeds of the finished items, by item."""
        [planned] = self.of(Planned)
        finished = sorted(self.of(Finished), key=lambda one: one.item)
        return [planned.prepared.requests[one.item].config.seed for one in finished]

    @property
    def shares(self) -> dict[str, int]:
        """How many items each server has finished."""
        names = [one.member.name for one in self.of(Finished)]
        return {name: names.count(name) for name in sorted(set(names))}

    @property
    def left_out(self) -> dict[str, str]:
        return {one.member.name: one.error.problem for one in self.of(LeftOut)}

    def check(self, count: int) -> None:
        """Hold that every item arrived exactly once, and was never at two servers at a time."""
        assert sorted(one.item for one in self.of(Finished)) == list(range(count))
        assert self.of(Missing) == []
        under_way: set[int] = set()
        for event in self.events:
            if isinstance(event, Began):
                assert event.item not in under_way
                under_way.add(event.item)
            elif isinstance(event, Finished | Returned):
                under_way.discard(event.item)


@pytest.fixture
def member() -> Callable[..., Member]:
    """Return an emulator as a member of a pool."""

    def make(emulator: Emulator, name: str = "", secret: str = "", at_once: int = 1) -> Member:
        transport = Transport.OWN_CA if emulator.certificate else Transport.PLAINTEXT
        endpoint = Endpoint(
            *("127.0.0.1", emulator.port, transport, emulator.certificate or None),
            secret=Secret(secret) if secret else None,
        )
        return Member(name or endpoint.address, lambda: DrawThingsClient(endpoint), at_once)

    return make


@pytest.fixture
def wishes() -> Callable[..., Wishes]:
    """Return wishes for small pictures."""

    def make(runs: int = 1, model: str = "sd_v1.5_f16.ckpt", **settings: Any) -> Wishes:
        small = {"start_width": 128, "start_height": 128, "steps": 4, "seed": 100}
        return Wishes(model, "a lake", settings={**small, **settings}, runs=runs)

    return make


@pytest.fixture
def run() -> Callable[..., Any]:
    """Run wishes to the end; `watch` sees each event."""

    async def run(
        pool: Pool, wishes: Wishes, watch: Callable[[PoolEvent], None] = lambda _: None
    ) -> Story:
        story = Story()
        events: AsyncIterator[PoolEvent]
        async with aclosing(pool.generate(wishes)) as events:
            async for event in events:
                story.events.append(event)
                watch(event)
        return story

    return run
