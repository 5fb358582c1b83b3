"""Several servers at once; and `python benchmarks/pool.py --chaos [--seed N]`, which kills and
restarts them at random while a batch of 100 is made.

Each server is an emulator in a process of its own that takes a fixed time for each step, so that
two cores suffice.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
import checkout

checkout.register()  # takes the root off sys.path again

from turns import Figure

from drawbridge.cli.haproxy import Farm, configuration
from drawbridge.client.address import Address
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.pool.events import Finished, Missing, News, Planned
from drawbridge.client.pool.member import Member
from drawbridge.client.pool.pool import Pool
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server

MODEL = "sd_v1.5_f16.ckpt"
STEPS = 10
ITEMS = 32


class Emulator:
    """An emulator in a process of its own; it can be killed and started again at its port."""

    def __init__(self, step_ms: float, port: int = 0) -> None:
        self.step_ms = step_ms
        self.port = port
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start it, and return when it listens."""
        words = ["-m", "emulator", "--port", str(self.port), "--step-ms", str(self.step_ms)]
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        said = process.stdout.readline()
        self.port = int(said.split()[2].rpartition(":")[2])
        self._process = process

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@contextlib.contextmanager
def emulators(*steps_ms: float) -> Iterator[list[Emulator]]:
    """Start emulators with that many milliseconds for each step."""
    running: list[Emulator] = []
    try:
        for step_ms in steps_ms:
            running.append(Emulator(step_ms))
        yield running
    finally:
        for one in running:
            one.kill()


@contextlib.contextmanager
def haproxy(ports: Sequence[int], port: int) -> Iterator[int]:
    """Put HAProxy in front of the servers at these ports, as `drawbridge farm haproxy` sets it up;
    yield its process id.
    """
    servers = [
        Server(Address("127.0.0.1", one), Transport.PLAINTEXT, name=str(one)) for one in ports
    ]
    with tempfile.TemporaryDirectory() as folder:
        farm = Farm(
            servers,
            folder=folder,
            bind="127.0.0.1",
            port=port,
            each_port=free_port(),
            socket=f"{folder}/admin",
        )
        for name, text in configuration(farm).items():
            Path(folder, name).write_text(text, encoding="utf-8")
        process = subprocess.Popen(["haproxy", "-f", f"{folder}/haproxy.cfg", "-db"])
        try:
            while not listens(port):
                assert process.poll() is None, "HAProxy has ended"
                time.sleep(0.01)
            yield process.pid
        finally:
            process.terminate()
            process.wait()


def listens(port: int) -> bool:
    """Return whether somebody takes connections at a port of this computer."""
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def member(port: int, at_once: int = 1) -> Member:
    """Return the server at a port of this computer."""
    endpoint = Endpoint("127.0.0.1", port, Transport.PLAINTEXT)
    return Member(str(port), lambda: DrawThingsClient(endpoint), at_once)


def wishes(items: int) -> Wishes:
    """Return wishes for that many small pictures."""
    settings = {"start_width": 128, "start_height": 128, "steps": STEPS, "seed": 1000}
    return Wishes(MODEL, "a lake", settings=settings, runs=items)


async def run(pool: Pool, items: int) -> float:
    """Return the seconds for a batch. Raises AssertionError where something is missing."""
    started, come = time.monotonic(), 0
    async with contextlib.aclosing(pool.generate(wishes(items))) as events:
        async for event in events:
            assert not isinstance(event, Missing), event.error
            come += isinstance(event, Finished)
    assert come == items
    return time.monotonic() - started


def figures(rounds: int) -> Iterator[Figure]:
    """Yield how much faster several servers are than one; `rounds` has no part in it."""
    yield from asyncio.run(measure())


async def measure() -> list[Figure]:
    """Return the figures of equal servers, of unequal ones, and of what the pool itself costs."""
    found: list[Figure] = []

    def add(name: str, value: float, target: float, unit: str = "x", least: bool = True) -> None:
        found.append(Figure("pool", name, value, unit, target=target, least=least))

    with emulators(100, 100, 100, 100) as four:
        members = [member(one.port) for one in four]
        await run(Pool(members), 4)  # all of them have loaded what they need
        alone = await run(Pool(members[:1]), ITEMS // 4)
        add("4 equal servers, times one", 4 * alone / await run(Pool(members), ITEMS), 3.8)
        if shutil.which("haproxy"):
            port = free_port()
            with haproxy([one.port for one in four], port):
                farm = await run(Pool([member(port, at_once=4)]), ITEMS)
            add("4 equal servers behind HAProxy, times one", 4 * alone / farm, 3.6)
        else:
            print("HAProxy is not installed: its figure is left out")
    with emulators(80, 40, 20) as three:
        members = [member(one.port) for one in three]
        await run(Pool(members), 3)
        each = [await run(Pool([one]), 6) / 6 for one in members]
        ideal = ITEMS / sum(1 / seconds for seconds in each)
        add("speeds 1:2:4, share of their sum", ideal / await run(Pool(members), ITEMS), 0.93)
    with emulators(100, 100, 100, 100) as four:
        stopped_ms = 1000 * await cancel([member(one.port) for one in four])
        add("4 running pictures are stopped", stopped_ms, 500, "ms", least=False)
    with emulators(0) as [one]:
        only = member(one.port)
        pooled, direct = [], []
        for _ in range(3):
            pooled.append(await run(Pool([only]), ITEMS))
            direct.append(await without_pool(only, ITEMS))
        overhead_ms = (min(pooled) - min(direct)) / ITEMS * 1000
        add("what the pool adds to an item", overhead_ms, 10, "ms", least=False)
    return found


async def cancel(members: Sequence[Member]) -> float:
    """Return the seconds from a cancellation, with each server at work, until the run is over."""
    busy: set[Member] = set()
    all_busy = asyncio.Event()

    async def make() -> None:
        async with contextlib.aclosing(Pool(members).generate(wishes(ITEMS))) as events:
            async for event in events:
                if isinstance(event, News):
                    busy.add(event.member)
                    if len(busy) == len(members):
                        all_busy.set()

    task = asyncio.ensure_future(make())
    await all_busy.wait()
    started = time.monotonic()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return time.monotonic() - started


async def without_pool(only: Member, items: int) -> float:
    """Return the seconds for a batch at one server, one request after the other."""
    started = time.monotonic()
    async with only.open() as client:
        prepared = await client.prepare(wishes(items))
        for request in prepared.requests:
            async for _ in client.generate(request):
                pass
    return time.monotonic() - started


async def chaos(items: int, seed: int) -> bool:
    """Make a batch while servers are killed and restarted at random."""
    chance = random.Random(seed)
    with emulators(15, 15, 15, 15) as four:
        members = [member(one.port) for one in four]
        over = asyncio.Event()
        kills = 0

        async def kill() -> None:
            nonlocal kills
            while not over.is_set():
                await asyncio.sleep(chance.uniform(0.2, 1.2))
                victim = chance.choice(four)
                victim.kill()
                kills += 1
                await asyncio.sleep(chance.uniform(0, 0.5))
                await asyncio.to_thread(victim.start)

        killer = asyncio.ensure_future(kill())
        seeds: dict[int, int] = {}
        planned: Planned | None = None
        started = time.monotonic()
        async with contextlib.aclosing(Pool(members).generate(wishes(items))) as events:
            async for event in events:
                if isinstance(event, Planned):
                    planned = event
                elif isinstance(event, Missing):
                    print(f"missing: {event.item} ({event.error.problem})")
                elif isinstance(event, Finished):
                    assert planned is not None
                    assert event.item not in seeds, "an item came twice"
                    assert len(event.pictures) == 1
                    seeds[event.item] = planned.prepared.requests[event.item].config.seed
        over.set()
        await killer
        arrived = [seeds[item] for item in sorted(seeds)]
        good = arrived == list(range(1000, 1000 + items))
        print(
            f"chaos (seed {seed}): {len(seeds)} of {items} arrived, once each; right by seed:"
            f" {good}; {kills} kills in {time.monotonic() - started:.1f} s"
        )
        return good


def main() -> int:
    """Return 0 if all have arrived."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chaos", action="store_true", required=True)
    parser.add_argument("--seed", type=int, default=os.getpid(), help="of what happens by chance")
    chosen = parser.parse_args()
    return 0 if asyncio.run(chaos(100, chosen.seed)) else 1


if __name__ == "__main__":
    sys.exit(main())
