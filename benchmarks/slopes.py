"""How cost grows with the work: a straight line through the sizes, beside the limit's line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence

import torch
from conversions import best, plain_from_wire, plain_to_wire
from generation import Bench, Case, bare, catalog_of, greeting
from replay import OPTIONS, Replay
from samples import MODEL, SIDE, answer, picture
from turns import Figure, medians, slope

from drawbridge.client.catalog.records import Catalog
from drawbridge.codec import image
from drawbridge.codec.tensor import Codec

GROUP = "slopes"
SIDES = (512, 1024, 2048, 4096)
BATCHES = (1, 2, 4, 8, 16)
FRAMES = (1, 31, 61, 121, 241)
ENTRIES = (10, 100, 1000, 10_000)
_FRAME = 320, 192


def figures(rounds: int) -> Iterator[Figure]:
    """Yield a line for each kind of growth: milliseconds for each unit of work, and the limit's."""
    few = max(3, rounds // 5)
    megapixels = [side * side / 1e6 for side in SIDES]
    yield from _lines("IMAGE to wire, a megapixel", megapixels, [_out(side, few) for side in SIDES])
    yield from _lines(
        "wire to IMAGE, a megapixel", megapixels, [_back(side, few) for side in SIDES]
    )
    hello = greeting()
    for name, counts, size, is_video in (
        ("generation, a picture of a batch", BATCHES, (SIDE // 2, SIDE // 2), False),
        ("generation, a frame of a video", FRAMES, _FRAME, True),
    ):
        cases = [
            Case(
                name=str(count),
                count=count,
                codec=Codec.RAW,
                target=0,
                size=size,
                is_video=is_video,
                model="wan_v2.1_14b" if is_video else MODEL,
            )
            for count in counts
        ]
        answers = {case.name: answer(case.count, Codec.RAW, *size, steps=2) for case in cases}
        with Replay({"Echo": hello}, answers) as server:
            measured = []
            for case in cases:
                server.choose(case.name)
                measured.append(asyncio.run(_generation(case, server.port, hello, few)))
        yield from _lines(name, counts, measured)
    yield from _lines("catalogue, 1,000 entries", [n / 1000 for n in ENTRIES], _catalogues(few))


def _lines(
    name: str, sizes: Sequence[float], measured: Sequence[tuple[float, float]]
) -> Iterator[Figure]:
    ours, straight = slope(sizes, [one for one, _ in measured])
    least, _ = slope(sizes, [other for _, other in measured])
    yield Figure(GROUP, name, ours, "ms", least, f"the limit's slope; R² of ours {straight:.3f}")


def _out(side: int, rounds: int) -> tuple[float, float]:
    unit = torch.rand(1, side, side, 3)
    ours, least = medians(rounds, lambda: image.to_wire(unit), best(plain_to_wire(unit)))
    return ours, least


def _back(side: int, rounds: int) -> tuple[float, float]:
    wire = picture(side, side)
    ours, least = medians(rounds, lambda: image.from_wire(wire), best(plain_from_wire(wire)))
    return ours, least


async def _generation(case: Case, port: int, hello: bytes, rounds: int) -> tuple[float, float]:
    import statistics
    import time

    import grpc.aio

    bench = Bench(case, port, catalog_of(hello))
    request = bench.request()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds + 1):
            for taken, work in zip(
                times, (bench.ours, lambda: bare(channel, request)), strict=True
            ):
                start = time.perf_counter()
                await work()
                taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])


def _catalogues(rounds: int) -> list[tuple[float, float]]:
    """Return the milliseconds to read lists of so many models, and those of json.loads alone."""
    taken = []
    for count in ENTRIES:
        rows = [
            {"name": f"Model {n}", "file": f"model_{n}_q8p.ckpt", "version": "flux1"}
            for n in range(count)
        ]
        data = json.dumps(rows).encode()
        reading: Callable[[], object] = lambda data=data: Catalog.from_json(models=data)  # noqa: E731
        ours, least = medians(rounds, reading, lambda data=data: json.loads(data))
        taken.append((ours, least))
    return taken
