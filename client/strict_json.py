"""JSON without the words NaN and Infinity, which Python reads although JSON has none, and without
numbers beyond all measure, which Python reads as infinite.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, NoReturn


def loads(
    text: str, object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None
) -> Any:
    """Return the value of a JSON text. Raises ValueError, or RecursionError for one too deep.

    `object_pairs_hook` makes something else of objects, as in `json.loads`.
    """
    return json.loads(
        text,
        parse_constant=_refuse,
        parse_float=_finite,
        object_pairs_hook=object_pairs_hook,
    )


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large for a number")
    return number


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")
