"""A slow server is left idle at the end of a batch, where it would hold up the result."""

from __future__ import annotations

import dataclasses

import pytest

from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.pool.pace import Paces, is_of_help

CONFIG = GenerationConfig(model="a.ckpt", start_width=512, start_height=512, steps=10)


def request(**changes: object) -> GenerationRequest:
    return GenerationRequest("a", dataclasses.replace(CONFIG, **changes))  # pyright: ignore


@pytest.mark.parametrize(
    ("own", "pending", "others", "helps"),
    [
        (None, 1, [(0.0, 1.0)], True),  # nobody knows
        (4.0, 1, [], True),  # there is nobody else
        (4.0, 1, [(0.0, 1.0)], False),
        (4.0, 3, [(0.5, 1.0)], False),
        (4.0, 4, [(0.5, 1.0)], True),
        (1.0, 1, [(0.5, 1.0)], True),
        (4.0, 4, [(0.0, 1.0), (0.0, 2.0)], False),
        (4.0, 9, [(0.0, 1.0), (0.0, 2.0)], True),
    ],
)
def test_server_helps_if_it_is_done_before_the_others_would_be(
    own: float | None, pending: int, others: list[tuple[float, float]], helps: bool
) -> None:
    assert is_of_help(own, pending, others) is helps


def test_pace_is_the_best_of_the_last_three_in_proportion_to_the_work() -> None:
    paces = Paces()
    assert paces.seconds("a", request()) is None
    for seconds in (9.0, 2.0, 3.0):
        paces.note("a", request(), seconds)
    assert paces.seconds("a", request()) == pytest.approx(2.0)
    assert paces.seconds("a", request(steps=20)) == pytest.approx(4.0)
    assert paces.seconds("a", request(model="b.ckpt")) is None
    for _ in range(3):
        paces.note("a", request(), 5.0)
    assert paces.seconds("a", request()) == pytest.approx(5.0)


def test_memory_is_bounded() -> None:
    paces = Paces()
    for number in range(600):
        paces.note(str(number), request(), 1.0)
    assert paces.seconds("0", request()) is None
    assert paces.seconds("599", request()) is not None
