"""How things are measured: in turns with their limit, so that noise hits both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

Work = Callable[[], object]
_WARM_UP = 2


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, beside what it cannot be faster than.

    `value` and `limit` have the same `unit`; `ratio` is the first by the second, and `target` what
    it must not exceed (not fall below, where `least`). Without a limit the value itself is judged.
    `peer_ms` is what the official plugin takes for the same work (benchmarks/peer.py).
    """

    group: str
    name: str
    value: float
    unit: str = "ms"
    limit: float | None = None
    limit_name: str = ""
    target: float | None = None
    least: bool = False
    peer_ms: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return how many times the limit it takes."""
        return self.value / self.limit if self.limit else None

    @property
    def met(self) -> bool | None:
        """Return whether the target is met; None without one."""
        if self.target is None:
            return None
        judged = self.value if self.ratio is None else self.ratio
        return judged >= self.target if self.least else judged <= self.target


def in_turns(rounds: int, *works: Work) -> list[list[float]]:
    """Return the milliseconds of each work, taken one after the other, round after round."""
    taken: list[list[float]] = [[] for _ in works]
    for turn in range(rounds + _WARM_UP):
        for times, work in zip(taken, works, strict=True):
            start = time.perf_counter()
            work()
            if turn >= _WARM_UP:
                times.append((time.perf_counter() - start) * 1000)
    return taken


def medians(rounds: int, *works: Work) -> list[float]:
    """Return the median milliseconds of each work, taken in turns."""
    return [statistics.median(times) for times in in_turns(rounds, *works)]


def slope(sizes: Iterable[float], values: Iterable[float]) -> tuple[float, float]:
    """Return the slope of the straight line through the points, and how much of their spread it
    explains: 1 is a straight line.
    """
    xs, ys = list(sizes), list(values)
    x_mean, y_mean = statistics.fmean(xs), statistics.fmean(ys)
    across = sum((x - x_mean) ** 2 for x in xs)
    up = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / across
    spread = sum((y - y_mean) ** 2 for y in ys)
    off = sum((y - y_mean - up * (x - x_mean)) ** 2 for x, y in zip(xs, ys, strict=True))
    return up, 1 - off / spread if spread else 1.0
