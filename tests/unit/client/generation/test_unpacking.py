"""Results are unpacked beside each other, and come in their order."""

from __future__ import annotations

import asyncio

import pytest

from drawbridge.client.generation.unpacking import Unpacking
from drawbridge.client.threads import PROCESSORS


class Work:
    """Pieces of work that end when they are told to."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.given_up: list[int] = []
        self._ends: dict[int, asyncio.Event] = {}

    async def do(self, number: int, result: int | None = None) -> int | None:
        self.begun.append(number)
        try:
            await self._ends.setdefault(number, asyncio.Event()).wait()
        except asyncio.CancelledError:
            self.given_up.append(number)
            raise
        return number if result is None else result

    async def end(self, number: int) -> None:
        self._ends.setdefault(number, asyncio.Event()).set()
        for _ in range(3):
            await asyncio.sleep(0)


async def test_all_begin_at_once_and_come_in_their_order() -> None:
    work, unpacking = Work(), Unpacking[int]()
    for number in range(PROCESSORS):
        unpacking.begin(work.do(number))
    await asyncio.sleep(0)
    assert work.begun == list(range(PROCESSORS))
    for number in reversed(range(PROCESSORS)):
        await work.end(number)
    came = []
    while unpacking.left:
        came.append(await unpacking.take())
    assert came == list(range(PROCESSORS))


async def test_one_is_due_when_it_is_unpacked_or_when_there_are_too_many() -> None:
    work, unpacking = Work(), Unpacking[int]()
    assert not unpacking.due
    for number in range(PROCESSORS):
        assert not unpacking.due
        unpacking.begin(work.do(number))
    assert unpacking.due  # for memory's sake
    await work.end(0)
    assert await unpacking.take() == 0
    assert not unpacking.due or PROCESSORS == 1
    await work.end(1)
    assert unpacking.due or PROCESSORS == 1
    await unpacking.close()


async def test_what_fails_is_told_in_its_turn_and_the_next_one_comes() -> None:
    async def fail() -> int:
        raise ValueError("damaged")

    work, unpacking = Work(), Unpacking[int]()
    unpacking.begin(work.do(1))
    unpacking.begin(fail())
    unpacking.begin(work.do(2))
    await work.end(1)
    await work.end(2)
    assert await unpacking.take() == 1
    with pytest.raises(ValueError, match="damaged"):
        await unpacking.take()
    assert await unpacking.take() == 2


async def test_what_is_not_taken_is_given_up() -> None:
    work, unpacking = Work(), Unpacking[int]()
    unpacking.begin(work.do(1))
    waiting = asyncio.ensure_future(unpacking.take())
    await asyncio.sleep(0.0)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert unpacking.left  # a waiter that goes away takes nothing along
    await unpacking.close()
    assert work.given_up == [1]
    assert not unpacking.left
    assert asyncio.all_tasks() == {asyncio.current_task()}
