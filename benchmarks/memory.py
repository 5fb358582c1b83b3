"""How much memory a video and a moodboard take at their peak, each in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parents[1]
    sys.path.insert(0, str(ROOT))
    import checkout

    checkout.register()
    sys.path.insert(0, str(ROOT / "devtools" / "standin"))

import torch
from generation import Bench, Case, catalog_of, greeting
from replay import Replay
from samples import MODEL, answer
from turns import Figure, medians

from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.generation.hints import Carried, Form, HintForm
from drawbridge.client.generation.message import encoded
from drawbridge.client.generation.pictures import hint_of
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.codec.tensor import Codec
from drawbridge.devtools.soak import memory_bytes

GROUP = "memory"
FRAMES, WIDTH, HEIGHT = 121, 1280, 704
MOODBOARD = 8


def growth_bytes(work: Callable[[], object]) -> int:
    """Return by how much this process grows at most while it works, beyond what it has now."""
    before, most, done = memory_bytes(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.002):
            most = max(most, memory_bytes())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        work()
    finally:
        done.set()
        watching.join()
    return max(most, memory_bytes()) - before


def video() -> tuple[int, int]:
    """Return the growth for a video and the bytes of its frames as a graph has them."""
    hello = greeting()
    said = answer(FRAMES, Codec.RAW, WIDTH, HEIGHT, steps=2)
    with Replay({"Echo": hello}, {"": said}) as server:
        del said
        case = Case(
            "video", FRAMES, Codec.RAW, 0, size=(WIDTH, HEIGHT), model="wan_v2.1_14b", is_video=True
        )
        bench = Bench(case, server.port, catalog_of(hello))
        small = growth_bytes(lambda: None)
        grown = growth_bytes(lambda: asyncio.run(bench.ours()))
    return grown - small, FRAMES * WIDTH * HEIGHT * 3 * 4


def moodboard(count: int) -> Callable[[], object]:
    """Return what puts so many moodboard pictures into a request."""
    pictures = [torch.rand(1, 1024, 1024, 3) for _ in range(count)]
    config = GenerationConfig.of({"model": MODEL, "start_width": 1024, "start_height": 1024})
    form = (Form(),)

    def work() -> object:
        carried = tuple(Carried(one, form) for one in pictures)
        hint = hint_of(HintForm("shuffle", carried), None)
        request = GenerationRequest("", config, hints=(hint,), model_version="flux2")
        return encoded(request, codec=Codec.RAW).data

    return work


def figures(rounds: int) -> Iterator[Figure]:
    """Yield the lines of the table."""
    eight, one = medians(max(5, rounds // 3), moodboard(MOODBOARD), moodboard(1))
    yield Figure(GROUP, "eight moodboard pictures", eight, "ms", one, "one", 8.0)
    for name, what, target, limit_name in (
        ("moodboard", "eight moodboard pictures: peak", 2.0, "the payload"),
        (
            "video",
            f"{FRAMES} frames {WIDTH} x {HEIGHT}: peak",
            1.3,
            "the frames as a graph has them",
        ),
    ):
        ran = subprocess.run(
            [sys.executable, str(Path(__file__).resolve()), name],
            stdout=subprocess.PIPE,
            check=True,
        )
        grown, least = map(int, ran.stdout.split()[-2:])
        yield Figure(GROUP, what, grown / 2**20, "MiB", least / 2**20, limit_name, target)


def main(name: str) -> None:
    """Print growth and limit in bytes."""
    if name == "video":
        grown, least = video()
    else:
        moodboard(1)()  # what is loaded once
        work = moodboard(MOODBOARD)
        grown, least = growth_bytes(work), len(work())  # type: ignore[arg-type]
    sys.stdout.write(f"{grown} {least}\n")


if __name__ == "__main__":
    main(sys.argv[1])
