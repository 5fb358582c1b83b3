"""Which JSON object a pasted text means."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ...errors import RequestRejected
from .spellings import fold, is_prompt

MOST_CHARACTERS = 1 << 20
REMEDY = "Copy the configuration from Draw Things again, or correct that value."
_LONGEST_SHOWN = 40
_INNER = ("v2", "configuration")
_DEEPEST = 8
_FENCE = re.compile(r"```\w*\s+(.*?)\s*```", re.DOTALL)  # as chats and wikis have it


class Found(NamedTuple):
    """A configuration's object in a text.

    `around` are the objects around it from the outermost on, each with the key that holds the next;
    `warnings` are sentences about what was passed over.
    """

    record: dict[str, Any]
    around: tuple[tuple[str, dict[str, Any]], ...]
    warnings: tuple[str, ...]


def configuration(text: str) -> Found:
    """Return the configuration's object in a text.

    It may be the only element of an array, or be called `configuration` in an object around it
    (`v2` in the description that the app writes into pictures), and be a text of JSON there. Of
    equal keys the last counts. Raises RequestRejected where there is none.
    """
    warnings: list[str] = []
    value, around = _parse(text, warnings), list[tuple[str, dict[str, Any]]]()
    for _ in range(_DEEPEST):
        value = _one(value, warnings)
        key, inner = _inner(value)
        if inner is None:
            break
        around.append((key, value))
        value = inner
    return Found(_one(value, warnings), tuple(around), tuple(warnings))


def _parse(text: str, warnings: list[str]) -> Any:
    stripped = text.strip().lstrip("\ufeff").strip()
    fenced = _FENCE.fullmatch(stripped)
    stripped = fenced[1] if fenced else stripped
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

    def last_ones(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            twins = listed(name for name, count in counts.items() if count > 1)
            warnings.append(f"The text has {twins} more than once; the last one counts.")
        return found

    try:
        return json.loads(stripped, object_pairs_hook=last_ones)
    except json.JSONDecodeError as error:
        raise RequestRejected(
            f"The text is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
            "Paste the configuration whole, from its first brace to its last.",
        ) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, deep nesting
        raise RequestRejected(
            "The text is JSON of a kind that no configuration is.", "Paste one configuration."
        ) from error


def _one(value: Any, warnings: list[str]) -> dict[str, Any]:
    """Return the object that a value is, alone in an array, or written as a text."""
    if isinstance(value, list):
        if len(value) != 1:
            raise RequestRejected(
                f"The text is an array of {len(value)} elements, not one configuration.",
                "Paste one configuration.",
            )
        value = value[0]
    if _is_object(value):
        value = _parse(value, warnings)
    if not isinstance(value, dict):
        raise RequestRejected(
            f"The text is {shown(value)}, not a configuration.",
            "Paste the configuration whole, from its first brace to its last.",
        )
    return value


def _inner(value: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the configuration within an object and its key; None where it is the object itself."""
    keys = {fold(key): key for key in value}
    for name in _INNER:
        key = keys.get(name, name)
        if isinstance(value.get(key), dict) or _is_object(value.get(key)):
            return key, value[key]
    return "", None


def _is_object(value: Any) -> bool:
    """Return whether a value is a text of JSON, of an object."""
    if not isinstance(value, str):
        return False
    try:
        return isinstance(json.loads(value.lstrip("\ufeff")), dict)
    except (ValueError, RecursionError):
        return False


def wrong(key: str, value: Any, wanted: str) -> RequestRejected:
    """Return the error for a key whose value cannot be meant."""
    return RequestRejected(
        f"The configuration's {key} is {shown(value)}, not {wanted}.",
        REMEDY,
    )


def texts(text: str) -> dict[str, str]:
    """Return the texts of an object, in a picture's description also the prompts."""
    try:
        found = json.loads(text.strip().lstrip("\ufeff"))
    except ValueError:  # which the reader of configurations may still have understood
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}


def prompts(found: Mapping[str, Any]) -> list[str]:
    """Return a sentence about the prompts that an object has, none where it has none."""
    said = [key for key in found if is_prompt(key) and found[key]]
    return [f"The prompts of the text ({listed(said)}) are not taken over."] if said else []


def shown(value: Any) -> str:
    """Return a JSON value as a sentence can name it."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    return short(json.dumps(value, ensure_ascii=False))


def short(text: str) -> str:
    """Return a text as a sentence can hold it: not long, and without halves of characters."""
    text = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
    return text.encode("utf-8", "replace").decode("utf-8")


def listed(keys: Iterable[str], most: int = 5) -> str:
    """Return the first few of some names."""
    names = list(keys)
    return ", ".join(map(short, names[:most])) + (", ..." if len(names) > most else "")
