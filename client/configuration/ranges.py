"""What values a field may have, and how that is said."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple, get_type_hints

from ...errors import RequestRejected


class Range(NamedTuple):
    """What the app offers for a number: `low` to `high`, in multiples of `step` if it has one.

    `zero` allows 0 besides; `when` names the switch without which the server does not read the
    field. `reach` is what a widget takes where people go further than the app. What lies beyond is
    said and sent all the same, except beyond `safe`, where a server ends or nothing can come.
    """

    low: float
    high: float
    step: int = 0
    zero: bool = False
    when: str = ""
    reach: tuple[float, float] | None = None
    safe: tuple[float, float] = (-math.inf, math.inf)

    def __str__(self) -> str:
        text = f"{_plain(self.low)} to {_plain(self.high)}"
        text += f" in steps of {self.step}" if self.step else ""
        return f"0 or {text}" if self.zero else text

    @property
    def least(self) -> float:
        """Return the lowest number that a widget takes."""
        low = self.reach[0] if self.reach else self.low
        return min(low, 0) if self.zero else low

    @property
    def most(self) -> float:
        """Return the highest number that a widget takes."""
        return self.reach[1] if self.reach else self.high

    def offers(self, value: float) -> bool:
        """Return whether the app has the value to choose; NaN never is."""
        if self.zero and value == 0:
            return True
        return self.low <= value <= self.high and not (self.step and value % self.step)

    def takes(self, value: float) -> bool:
        """Return whether a widget can hold the value; NaN it never can."""
        return self.least <= value <= self.most and not (self.step and value % self.step)

    def bears(self, value: float) -> bool:
        """Return whether a server lives on when it gets the value; not with NaN and infinity."""
        low, high = self.safe
        return (
            math.isfinite(value) and low <= value <= high and not (self.step and value % self.step)
        )

    @property
    def demand(self) -> str:
        """Return what a value has to be lest a server end: "0 to 1", "1 or more"."""
        low, high = self.safe
        steps = f" in steps of {self.step}" if self.step else ""
        if math.isinf(high):
            return f"a number{steps}" if math.isinf(low) else f"{_plain(low)} or more{steps}"
        return f"{_plain(low)} to {_plain(high)}{steps}"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


@cache
def ranges(record: type) -> dict[str, Range]:
    """Return the ranges that a dataclass declares with `Annotated`, by field."""
    hints = get_type_hints(record, include_extras=True)
    return {
        name: extra
        for name, hint in hints.items()
        for extra in getattr(hint, "__metadata__", ())
        if isinstance(extra, Range)
    }


def read_ranges(record: object) -> list[tuple[str, Range, float]]:
    """Return the ranges of a record's fields that a server reads, each with name and value."""
    return [
        (name, allowed, getattr(record, name))
        for name, allowed in ranges(type(record)).items()
        if not allowed.when or getattr(record, allowed.when)
    ]


def check_ranges(record: object, where: str) -> None:
    """Raise RequestRejected naming the first field of a record that a server would not live on."""
    for name, allowed, value in read_ranges(record):
        if not allowed.bears(value):
            raise RequestRejected(
                f"{where} {called(name)} is {value}, not {allowed.demand}.",
                f"Set {called(name)} to a value of {allowed}.",
            )


_CALLED = {"start_width": "width", "start_height": "height", "guidance_scale": "guidance"}


def called(name: str) -> str:
    """Return what people find a field under: `start_width` is the width."""
    return _CALLED.get(name, name)
