"""Servers are ended and started again while a batch is made: all of it arrives, once each.

The batch of 100 with processes that are killed is `python benchmarks/pool.py --chaos`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.pool.events import Away, Began, PoolEvent, Returned
from drawbridge.client.pool.member import Member
from drawbridge.client.pool.pool import Pool
from drawbridge.emulator.server.server import Emulator

EVERY = 5


async def test_batch_arrives_whole_while_servers_end_and_come_back(
    serve: Callable[..., Emulator],
    member: Callable[..., Member],
    wishes: Callable[..., Wishes],
    run: Callable[..., Any],
) -> None:
    emulators = [serve(step_ms=15) for _ in range(3)]
    members = {member(one, str(number)): one for number, one in enumerate(emulators)}
    threads: list[threading.Thread] = []
    begun = 0

    def restart(key: Member) -> None:
        ended = members[key]
        ended.stop()
        members[key] = serve(step_ms=15, port=ended.port)

    def watch(event: PoolEvent) -> None:
        nonlocal begun
        if isinstance(event, Began):
            begun += 1
            if begun % EVERY == 0:
                threads.append(threading.Thread(target=restart, args=(event.member,)))
                threads[-1].start()

    story = await run(Pool(list(members)), wishes(runs=20), watch)
    for thread in threads:
        thread.join()
    story.check(20)
    assert story.seeds == list(range(100, 120))
    assert len(threads) >= 3
    assert story.of(Returned)
    assert story.of(Away)
