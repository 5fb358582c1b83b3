"""Each item goes to one server at a time, to each server once, and is over exactly once."""

from __future__ import annotations

from typing import Any

import pytest

from drawbridge.client.pool.items import Items
from drawbridge.client.pool.member import Member
from drawbridge.errors import GenerationFailed

ERROR = GenerationFailed("It failed.", "Try again.")


def member(name: str) -> Member:
    def nobody() -> Any:
        raise AssertionError

    return Member(name, nobody)


A, B, C = (member(name) for name in "abc")


def test_items_are_taken_in_order_each_by_one() -> None:
    items = Items(3)
    assert [item.number for one in (A, B, A) if (item := items.take(one))] == [0, 1, 2]
    assert items.take(B) is None


def test_item_that_comes_back_is_the_next_for_another_and_not_for_the_same() -> None:
    items = Items(3)
    first = items.take(A)
    assert first is not None
    items.give_back(first, ERROR, sent=True, broken=False)
    again = items.take(A)
    assert again is not None
    assert again.number == 1
    assert items.take(B) is first


def test_item_that_all_have_failed_at_is_over_once() -> None:
    items = Items(1)
    for one in (A, B):
        item = items.take(one)
        assert item is not None
        items.give_back(item, ERROR, sent=True, broken=False)
    assert [item.number for item in items.hopeless([A, B])] == [0]
    assert items.hopeless([A, B]) == []
    assert items.open == []


def test_item_waits_for_a_server_that_has_not_tried_it() -> None:
    items = Items(1)
    item = items.take(A)
    assert item is not None
    items.give_back(item, ERROR, sent=True, broken=False)
    assert items.hopeless([A, B]) == []
    assert items.hopeless([A]) == [item]


def test_item_that_broke_every_connection_has_a_last_try_when_all_others_are_over() -> None:
    items = Items(2)
    poison, other = items.take(A), items.take(B)
    assert poison is not None
    assert other is not None
    items.give_back(poison, ERROR, sent=True, broken=True)
    assert items.take(C) is poison
    items.give_back(poison, ERROR, sent=True, broken=True)
    assert items.hopeless([A, C]) == []
    assert items.take(A) is None  # while the other is under way
    items.finish(other)
    assert items.hopeless([A, C]) == []
    assert items.take(A) is poison
    items.give_back(poison, ERROR, sent=True, broken=True)
    assert items.take(C) is None
    assert items.hopeless([A, C]) == [poison]


@pytest.mark.parametrize("tries", [5])
def test_item_that_never_reached_a_server_is_no_try_but_not_for_ever(tries: int) -> None:
    items = Items(1)
    for _ in range(tries):
        item = items.take(A)
        assert item is not None
        items.give_back(item, ERROR, sent=False, broken=False)
    assert items.take(A) is None
