"""Changes inputs and gives them to a target: what is taken in a new way is changed further.

Needs nothing that is not installed anyway, and does the same again with the same seed. Atheris,
where it is installed, sees which lines run and gets further: `atheris_loop`.
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import corpus
from .mutation import MOST_BYTES, mutate
from .targets import run


class Found(Exception):
    """A target has raised what it may not."""

    def __init__(self, target: str, data: bytes, error: BaseException) -> None:
        super().__init__(f"{target}: {type(error).__name__}: {error}")
        self.target = target
        self.data = data


@dataclass
class Pool:
    """Inputs, and the ways in which a target took them."""

    target: str
    inputs: list[bytes] = field(default_factory=list)
    ways: dict[str, bytes] = field(default_factory=dict)
    rounds: int = 0

    def add(self, data: bytes) -> bool:
        """Give an input to the target; return whether it was taken in a new way. Raises Found."""
        self.rounds += 1
        try:
            way = run(self.target, data)
        except Exception as error:
            raise Found(self.target, data, error) from error
        if way in self.ways:
            return False
        self.ways[way] = data
        self.inputs.append(data)
        return True


def replay(target: str) -> Pool:
    """Return what is known of a target: the whole corpus has gone through it. Raises Found."""
    pool = Pool(target)
    for data in corpus.inputs(target):
        pool.add(data)
    return pool


def mutate_for(pool: Pool, seed: int, goes_on: Callable[[int], bool]) -> None:
    """Change inputs for as long as `goes_on(rounds)`. Raises Found."""
    draw = random.Random(f"{pool.target} {seed}")
    first = pool.rounds
    while goes_on(pool.rounds - first):
        pool.add(mutate(draw, draw.choice(pool.inputs), pool.inputs))


def for_seconds(seconds: float) -> Callable[[int], bool]:
    """Return what is true until so many seconds have gone by."""
    until = time.monotonic() + seconds
    return lambda rounds: time.monotonic() < until


def atheris_loop(target: str, seconds: int, found: str, seed: int) -> None:
    """Let atheris search; it ends the process, and leaves a file below `found` for a fault.

    Raises ImportError where it is not installed. To be called before anything else of ours is
    imported, else it does not see which lines run: so targets are imported in here.
    """
    atheris: Any = importlib.import_module("atheris")

    def once(data: bytes) -> None:
        run(target, data)

    flags = (
        f"-max_total_time={seconds}",
        f"-max_len={MOST_BYTES}",
        f"-seed={seed + 1}",
        f"-artifact_prefix={found}/{target}-",
        *("-rss_limit_mb=4096", "-timeout=30", "-print_final_stats=1"),
    )
    once(b"")  # imports what the target needs, which may take longer than an input may
    atheris.Setup([sys.argv[0], *flags, f"{found}/seeds-{target}"], once)
    atheris.Fuzz()


def atheris_figures(told: str) -> tuple[int, str]:
    """Return how many inputs atheris has tried, and its last line about what they reached.

    `told` is what it wrote on stderr: (0, "") where it came to nothing.
    """
    lines = told.splitlines()
    named = (line.partition("number_of_executed_units: ")[2] for line in lines)
    count = next((int(number) for number in named if number.strip().isdecimal()), 0)
    return count, next((line for line in reversed(lines) if "cov: " in line), "")
