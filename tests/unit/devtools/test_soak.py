"""What grows is told from what goes up and down."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import pytest

from drawbridge.devtools.soak import HEADINGS, Sample, children, descriptors, growth, row


def _samples(**changes: Sequence[float]) -> list[Sample]:
    values = {
        "memory_mib": 300.0,
        "descriptors": 12,
        "threads": 3,
        "children": 2,
        "objects": 90_000,
    }
    count = max(map(len, changes.values()))
    return [
        Sample(**{name: changes.get(name, [usual] * count)[n] for name, usual in values.items()})  # type: ignore[arg-type]
        for n in range(count)
    ]


def test_flat_and_restless_figures_have_not_grown() -> None:
    restless = [300 + 10 * (n % 3) for n in range(25)]
    assert growth(_samples(memory_mib=restless)) == {}
    warming = [200 + 20 * min(n, 5) for n in range(25)]
    assert growth(_samples(memory_mib=warming)) == {}


@pytest.mark.parametrize(
    ("name", "step", "start"),
    [
        ("memory_mib", 2, 300),
        ("descriptors", 1, 12),
        ("threads", 1, 3),
        ("children", 1, 2),
        ("objects", 500, 90_000),
    ],
)
def test_what_grows_is_named(name: str, step: int, start: int) -> None:
    grown = growth(_samples(**{name: [start + step * n for n in range(25)]}))
    assert list(grown) == [name]
    assert grown[name][0] < grown[name][1]


def test_sample_tells_of_this_process() -> None:
    sample = Sample.take()
    assert sample.memory_mib > 10
    assert sample.threads >= 1
    assert len(row(sample)) == len(HEADINGS)
    if sys.platform == "linux":
        before = descriptors()
        opened = os.open(os.devnull, os.O_RDONLY)
        assert descriptors() == before + 1
        os.close(opened)
        assert children() >= 0
