"""What values a field may have, and how that is said."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import get_type_hints

from ...errors import RequestRejected


@dataclass(frozen=True)
class Range:
    """The limits of a number: `low` to `high`, in whole multiples of `step` if it is not 0.

    `zero` allows 0 besides; `when` names the switch without which the server does not read the
    field.
    """

    low: float
    high: float
    step: int = 0
    zero: bool = False
    when: str = ""

    def __str__(self) -> str:
        text = f"{_plain(self.low)} to {_plain(self.high)}"
        text += f" in steps of {self.step}" if self.step else ""
        return f"0 or {text}" if self.zero else text

    def holds(self, value: float) -> bool:
        """Return whether the value is allowed; NaN never is."""
        if self.zero and value == 0:
            return True
        return self.low <= value <= self.high and not (self.step and value % self.step)


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


def check_ranges(record: object, where: str) -> None:
    """Raise RequestRejected naming the first field of a dataclass that is outside of its range."""
    for name, allowed in ranges(type(record)).items():
        value = getattr(record, name)
        if allowed.when and not getattr(record, allowed.when):
            continue
        if not math.isfinite(value) or not allowed.holds(value):
            raise RequestRejected(
                f"{where} {name} is {value}, outside of {allowed}.",
                f"Set {name} to a value of {allowed}.",
            )
