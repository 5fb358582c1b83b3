"""A whole generation, from the widgets to IMAGE, against a server that only replays bytes.

It is held against a bare transfer: the same bytes in both directions over a channel that is open
already, by a client that does nothing with them. To open ours, to greet the server, to make the
request and to convert the pictures is all on our side of the scale.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import fpzip
import grpc
import grpc.aio
import torch
from replay import OPTIONS, SERVICE, Replay
from samples import MODEL, SIDE, answer, picture
from turns import Figure

from drawbridge.client.address import Address
from drawbridge.client.catalog.records import Catalog
from drawbridge.client.generation.assemble import Wishes, assemble
from drawbridge.client.generation.message import encoded
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.codec.fit import Fit
from drawbridge.codec.tensor import HEADER, Codec, encode
from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.nodes.generating.run import generate
from drawbridge.nodes.host import Display, interruptible
from drawbridge.nodes.records import Model
from drawbridge.proto import image_service_pb2 as pb2

GROUP = "generation"
_TICK_SECONDS = 0.001
_STALL_TARGET_MS = 5.0


@dataclass(frozen=True)
class Case:
    """One kind of generation: how many pictures come back, packed how, and what is sent along."""

    name: str
    count: int
    codec: Codec
    target: float
    started: bool = False
    size: tuple[int, int] = (SIDE, SIDE)
    model: str = MODEL  # a file, or a version of which any model will do
    is_video: bool = False


CASES = (
    Case(f"raw {SIDE}²", 1, Codec.RAW, 1.6),
    Case(f"raw {SIDE}², batch of 4", 4, Codec.RAW, 1.6),
    Case(f"raw {SIDE}², image and mask", 1, Codec.RAW, 1.8, started=True),
    Case(f"fpzip {SIDE}²", 1, Codec.FPZIP, 1.25),
    Case(f"fpzip {SIDE}², batch of 4", 4, Codec.FPZIP, 1.25),
)


def greeting() -> bytes:
    """Return what an emulated server says to Echo, its lists included."""
    with (
        Emulator(Options(tls=False)) as emulator,
        grpc.insecure_channel(emulator.address) as channel,
    ):
        return channel.unary_unary(f"/{SERVICE}/Echo")(b"")


class Bench:
    """Generations of one case at one replaying server, in one event loop."""

    def __init__(self, case: Case, port: int, catalog: Catalog) -> None:
        spec = next(one for one in catalog.models if case.model in (one.file, one.version))
        server = Server(Address("127.0.0.1", port), Transport.PLAINTEXT)
        self._model = Model(server, spec.file, spec.version, spec.raw)
        self._image = torch.rand(1, SIDE, SIDE, 3) if case.started else None
        self._mask = (torch.rand(1, SIDE, SIDE) > 0.5).float() if case.started else None
        self._settings = {
            "start_width": case.size[0],
            "start_height": case.size[1],
            "steps": 4,
            "num_frames" if case.is_video else "batch_size": case.count,
            "strength": 0.7,
        }
        self._seeds = itertools.count()
        self._catalog = catalog
        self._port = port

    def wishes(self) -> Wishes:
        """Return what a person wants, each time with a seed of its own."""
        return Wishes(
            model=self._model.found,
            prompt="a lake at sunset",
            settings={**self._settings, "seed": next(self._seeds)},
            image=self._image,
            mask=self._mask,
            fit=Fit.CROP,
        )

    async def ours(self) -> None:
        """Generate as the node does."""
        await interruptible(generate(self._model, self.wishes(), Display("1")))

    def request(self) -> bytes:
        """Return the request as it goes over the wire."""
        wishes = self.wishes()
        prepared = assemble(wishes, self._model.found, self._catalog, "127.0.0.1")
        return encoded(prepared.requests[0], codec=Codec.RAW).data


async def bare(channel: grpc.aio.Channel, request: bytes) -> None:
    """Send and receive the same bytes, and do nothing with them."""
    async for _ in channel.unary_stream(f"/{SERVICE}/GenerateImage")(request):
        pass


async def longest_stall_ms(work: Awaitable[object]) -> float:
    """Return for how long at most nothing else could happen in the event loop during some work."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            start = time.perf_counter()
            await asyncio.sleep(_TICK_SECONDS)
            longest = max(longest, time.perf_counter() - start - _TICK_SECONDS)

    ticking = asyncio.ensure_future(tick())
    await asyncio.sleep(0)
    await work
    ticking.cancel()
    return longest * 1000


async def measure(
    bench: Bench, port: int, rounds: int
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Return milliseconds of generations and bare transfers, in turns, and the stalls of both."""
    request = bench.request()
    ours: list[float] = []
    theirs: list[float] = []
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        works: tuple[tuple[list[float], Callable[[], Awaitable[None]]], ...] = (
            (ours, bench.ours),
            (theirs, lambda: bare(channel, request)),
        )
        for turn in range(rounds + 2):
            for times, work in works:
                start = time.perf_counter()
                await work()
                if turn >= 2:
                    times.append((time.perf_counter() - start) * 1000)
        stalls: tuple[list[float], list[float]] = ([], [])
        for _ in range(max(3, rounds // 2)):
            for times, (_, work) in zip(stalls, works, strict=True):
                times.append(await longest_stall_ms(work()))
    return ours, theirs, *stalls


_stream = b""


def _take(stream: bytes) -> None:
    global _stream
    _stream = stream


def _unpack(_: int) -> None:
    fpzip.decompress(_stream, order="C")


def unpacking_ms(count: int, rounds: int) -> float:
    """Return how long fpzip alone takes for so many pictures, on as many cores as there are."""
    stream = encode(picture(), Codec.FPZIP)[HEADER.size :]
    times = []
    with ProcessPoolExecutor(min(count, 2), initializer=_take, initargs=(stream,)) as pool:
        for _ in range(rounds):
            start = time.perf_counter()
            list(pool.map(_unpack, range(count)))
            times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[1:] or times)


def figures(rounds: int) -> Iterator[Figure]:
    """Yield the lines of the table."""
    hello = greeting()
    listed = catalog_of(hello)
    answers = {case.name: answer(case.count, case.codec) for case in CASES}
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    with Replay({"Echo": hello}, answers) as server:
        for case in CASES:
            server.choose(case.name)
            bench = Bench(case, server.port, listed)
            packed = case.codec is Codec.FPZIP
            measured = loop.run_until_complete(
                measure(bench, server.port, max(3, rounds // 3) if packed else rounds)
            )
            ours, theirs, stall, bare_stall = map(statistics.median, measured)
            limit, what = theirs, "bare transfer"
            if packed:
                limit += unpacking_ms(case.count, 4)
                what = "bare transfer, fpzip alone on two cores"
            yield Figure(GROUP, case.name, ours, "ms", limit, what, case.target)
            yield Figure(
                *(GROUP, f"{case.name}: longest stall", stall, "ms"),
                limit_name=f"bare transfer: {bare_stall:.1f} ms",
                target=_STALL_TARGET_MS,
            )
    loop.close()


def catalog_of(hello: bytes) -> Catalog:
    """Return the lists in an answer to Echo."""
    told = pb2.EchoReply.FromString(hello).override
    return Catalog.from_json(
        told.models, told.loras, told.controlNets, told.textualInversions, told.upscalers
    )
