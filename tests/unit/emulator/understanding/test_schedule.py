"""Where in its steps a pass starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from drawbridge.emulator.stock.catalog import Catalog
from drawbridge.emulator.understanding.message import read
from drawbridge.emulator.understanding.schedule import find_start
from drawbridge.facts.samplers import Sampler

_FILE = "qwen_image_2.1_q8p.ckpt"


def _specification(**rf: Any) -> bytes:
    entry = {
        **{"name": "Q", "file": _FILE, "version": "qwen_image_2.1", "prefix": ""},
        **{"default_scale": 24, "upcast_attention": False, "modifier": "kontext"},
        "noise_discretization": {"rf": {"_0": {"sigma_min": 0, "condition_scale": 1000, **rf}}},
    }
    return json.dumps([entry]).encode()


@pytest.mark.parametrize(
    ("rf", "shift", "first"),
    [
        ({}, 1, 20),
        ({"shift_terminal": 0.02}, 1, 19),  # sigma(20) is 1 - 0.5 * 0.98 / 0.975, a little less
        ({"shiftTerminal": 0.02}, 1, 19),
        ({"shift_terminal": 0.3}, 1, 27),
        ({"shift_terminal": 0.3}, 3, 34),
        ({}, 3, 30),
        ({"shift_terminal": 7}, 1, 20),  # not a sigma
        ({"shift_terminal": True}, 1, 20),
    ],
)
def test_schedule_ends_at_the_sigma_of_the_specification(
    ask: Callable, catalog: Catalog, rf: dict[str, Any], shift: float, first: int
) -> None:
    request = read(
        ask(
            {"override": {"models": _specification(**rf)}},
            model=_FILE,
            steps=40,
            shift=shift,
            sampler=Sampler.DDIM_TRAILING,
            resolutionDependentShift=False,
        ),
        catalog,
    )
    start = find_start(request, 0.5)
    assert start.step == first
    _, last = (_sigma(i, 40, shift, rf) for i in (first, 39))
    assert last == pytest.approx(_terminal(rf) or _plain(39, 40, shift))
    assert _sigma(first, 40, shift, rf) >= 0.5 - 1e-9  # the step begins with at least so much noise
    assert _sigma(first + 1, 40, shift, rf) < 0.5


def _terminal(rf: dict[str, Any]) -> float:
    [value] = rf.values() or [0]
    return value if isinstance(value, float) else 0


def _plain(step: int, steps: int, shift: float) -> float:
    left = (steps - step) / steps
    return shift * left / (1 + (shift - 1) * left)


def _sigma(step: int, steps: int, shift: float, rf: dict[str, Any]) -> float:
    """Return how much noise a step begins with, stretched so that the last one is right."""
    plain, terminal = _plain(step, steps, shift), _terminal(rf)
    if not terminal:
        return plain
    return 1 - (1 - plain) / ((1 - _plain(steps - 1, steps, shift)) / (1 - terminal))


def test_strength_1_starts_at_noise_and_one_step_has_nothing_to_stretch(
    ask: Callable, catalog: Catalog
) -> None:
    for steps in (1, 2, 40):
        message = ask(
            {"override": {"models": _specification(shift_terminal=0.02)}},
            **{"model": _FILE, "steps": steps, "sampler": Sampler.DDIM_TRAILING},
        )
        assert find_start(read(message, catalog), 1.0).from_noise
