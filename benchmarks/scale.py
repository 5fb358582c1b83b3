"""What one client bears for each server that it feeds: `python benchmarks/scale.py [--servers N]`;
and for each job that waits at HAProxy: `python benchmarks/scale.py --farm JOBS`.

Each server is an emulator in a process of its own. Bytes are those of messages, CPU time is that of
this process and of its decoders; pictures are unpacked and made into tensors as the nodes do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pool import emulators, free_port, haproxy, member

import drawbridge.client.connection.limits as limits
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.generation.events import Preview
from drawbridge.client.generation.results import to_image, to_preview
from drawbridge.client.pool.events import Finished, Missing, News
from drawbridge.client.pool.pool import Pool
from drawbridge.client.server_fields import Transport
from drawbridge.client.threads import in_thread
from drawbridge.devtools.soak import memory_bytes

SIDE = 1024
STEPS = 20
MODEL, VERSION = "z_image_turbo_1.0_q8p.ckpt", "z_image"


@dataclass
class Load:
    """What came, and what it cost."""

    bytes: int = 0
    previews: int = 0
    pictures: int = 0
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    most_bytes: int = 0


def cpu_seconds() -> float:
    """Return the CPU time of this process and of the decoders that it has started (Linux alone)."""
    own = str(os.getpid())
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_text()
            if folder.name == own or (fields[1] == own and "emulator" not in words):
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def count_bytes(load: Load) -> Callable[[], None]:
    """Add the length of every message that is read to the load; return what ends that."""
    usual = limits.bounded

    def bounded(*given: Any) -> Any:
        read = usual(*given)

        def counted(data: bytes) -> Any:
            load.bytes += len(data)
            return read(data)

        return counted

    limits.bounded = bounded

    def end() -> None:
        limits.bounded = usual

    return end


async def feed(ports: Sequence[int], items: int, *, shown: bool) -> Load:
    """Have the servers make pictures, with their previews drawn or left alone."""
    load = Load()
    end = count_bytes(load)

    settings = {"start_width": SIDE, "start_height": SIDE, "steps": STEPS, "seed": 1}
    wanted = Wishes(MODEL, "a lake", settings=settings, runs=items)
    started, before = time.monotonic(), cpu_seconds()
    async with contextlib.aclosing(Pool([member(one) for one in ports]).generate(wanted)) as events:
        async for event in events:
            if isinstance(event, News) and isinstance(event.event, Preview):
                load.previews += 1
                if shown:
                    preview = event.event
                    await in_thread(lambda one=preview: to_preview(one, VERSION))
            elif isinstance(event, Finished):
                for picture in event.pictures:
                    await in_thread(lambda one=picture: to_image(one))
                    load.pictures += 1
            elif isinstance(event, Missing):
                raise event.error
            load.most_bytes = max(load.most_bytes, memory_bytes())
    load.cpu_seconds, load.seconds = cpu_seconds() - before, time.monotonic() - started
    end()
    return load


async def farm(jobs: int) -> None:
    """Print what HAProxy takes for jobs that wait, each with a connection of its own."""
    endpoint = Endpoint("127.0.0.1", free_port(), Transport.PLAINTEXT)
    with emulators(60_000) as [one], haproxy([one.port], endpoint.port) as process:

        def megabytes() -> float:
            return memory_bytes(process) / 1e6

        async with DrawThingsClient(endpoint) as client:
            wanted = Wishes(MODEL, "a lake", settings={"steps": STEPS, "seed": 1})
            [request] = (await client.prepare(wanted)).requests
        before = megabytes()

        async def wait() -> None:
            async with DrawThingsClient(endpoint) as client:
                async for _ in client.generate(request):
                    pass

        waiting = [asyncio.ensure_future(wait()) for _ in range(jobs)]
        await asyncio.sleep(5)
        print(
            f"HAProxy: {before:.1f} MB, with {jobs} jobs {megabytes():.1f} MB:"
            f" {1000 * (megabytes() - before) / jobs:.0f} kB for each"
        )
        for one_waiting in waiting:
            one_waiting.cancel()
        await asyncio.wait(waiting)


async def main(servers: int, items: int, step_ms: float) -> None:
    """Print the figures."""
    with emulators(*[step_ms] * servers) as running:
        ports = [one.port for one in running]
        await feed(ports, servers, shown=True)  # decoders and libraries are there
        idle = memory_bytes()
        for shown in (True, False):
            load = await feed(ports, items, shown=shown)
            each = load.pictures
            print(
                f"{servers} servers, steps of {step_ms:g} ms, previews"
                f" {'drawn' if shown else 'not looked at'}: {each} pictures in"
                f" {load.seconds:.1f} s; for each {load.bytes / each / 1e6:.2f} MB,"
                f" {load.previews / each:.1f} previews, {1000 * load.cpu_seconds / each:.0f} ms of"
                f" CPU; one core is {load.cpu_seconds / load.seconds:.0%} busy; memory at most"
                f" {(load.most_bytes - idle) / 1e6:.0f} MB over {idle / 1e6:.0f} MB"
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--items", type=int, default=6)
    parser.add_argument("--step-ms", type=float, default=200)
    parser.add_argument("--farm", type=int, metavar="JOBS", help="what HAProxy takes for so many")
    chosen = parser.parse_args()
    if chosen.farm:
        asyncio.run(farm(chosen.farm))
        sys.exit(0)
    asyncio.run(main(chosen.servers, chosen.items, chosen.step_ms))
    sys.exit(0)
