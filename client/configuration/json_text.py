"""Which JSON object a pasted text means."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ...errors import RequestRejected
from .json_keys import KEYS

MOST_CHARACTERS = 1 << 20
REMEDY = "Copy the configuration from Draw Things again, or correct that value."


def configuration(text: str) -> dict[str, Any]:
    """Return the configuration's object in a text. Raises RequestRejected where there is none.

    It may be the only element of an array, or be called `configuration` in an object around it
    (`v2` in the description that the app writes into pictures).
    """
    return _unwrap(_parse(text))


def _parse(text: str) -> Any:
    stripped = text.strip().lstrip("\ufeff").strip()
    if not stripped:
        raise RequestRejected(
            "There is no configuration.",
            "Copy the configuration in Draw Things (Copy Configuration) and paste it here.",
        )
    if len(stripped) > MOST_CHARACTERS:
        raise RequestRejected(
            f"The text has {len(stripped)} characters, too many for a configuration.",
            "Paste one configuration.",
        )
    try:
        return json.loads(stripped, parse_constant=_no_number, object_pairs_hook=_without_twins)
    except json.JSONDecodeError as error:
        raise RequestRejected(
            f"The text is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
            "Paste the configuration whole, from its first brace to its last.",
        ) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, deep nesting
        raise RequestRejected(
            "The text is JSON of a kind that no configuration is.", "Paste one configuration."
        ) from error


def _no_number(word: str) -> float:
    raise RequestRejected(f"The text has {word} for a number.", REMEDY)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twin = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise RequestRejected(f"The text has the key {twin} twice.", "Remove one of the two.")
    return found


def _unwrap(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        if len(value) != 1:
            raise RequestRejected(
                f"The text is an array of {len(value)} elements, not one configuration.",
                "Paste one configuration.",
            )
        value = value[0]
    if not isinstance(value, dict):
        raise RequestRejected(
            f"The text is {shown(value)}, not a configuration.",
            "Paste the configuration whole, from its first brace to its last.",
        )
    if isinstance(value.get("v2"), dict):
        return value["v2"]
    inner = value.get("configuration")
    if not isinstance(inner, dict):
        return value
    beside = [key for key in KEYS if key in value and value[key] != inner.get(key)]
    if beside:
        raise RequestRejected(
            f"The text says {listed(beside)} twice: in `configuration` and beside it.",
            "Paste what is in `configuration` only.",
        )
    return inner


def wrong(key: str, value: Any, wanted: str) -> RequestRejected:
    """Return the error for a key whose value cannot be meant."""
    return RequestRejected(
        f"The configuration's {key} is {shown(value)}, not {wanted}.",
        REMEDY,
    )


def shown(value: Any) -> str:
    """Return a JSON value as a sentence can name it."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def listed(keys: Iterable[str]) -> str:
    """Return the first few of some names."""
    names = list(keys)
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
