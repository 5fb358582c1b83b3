"""Values of a server's specifications, of which none is trusted to be of the right kind."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping

from ...facts.snake_case import snake_keys
from .. import safe_text
from . import json_array

MOST_ELEMENTS = 20_000  # of a list; the official ones are some hundreds together
Keys = Mapping[str, object]


def objects(data: bytes) -> tuple[list[tuple[Keys, str]], bool]:
    """Return each object of a JSON array with snake_case keys and as it came, and whether these are
    all, not the first of more than MOST_ELEMENTS.

    Other elements are passed over, and bytes that are no array have none.
    """
    try:
        text = data.decode("utf-8")
        elements, whole = json_array.elements(text, MOST_ELEMENTS) if text else ([], True)
    except (ValueError, RecursionError):
        return [], True
    found = []
    for element in elements:
        if isinstance(element, dict):
            with contextlib.suppress(ValueError, RecursionError):  # can be read, and not written
                raw = json.dumps(element, separators=(",", ":"))
                found.append((snake_keys(element), raw))
    return found, whole


def text(keys: Keys, key: str, default: str = "") -> str:
    """Return a text for people, of bounded length and without control characters."""
    value = keys.get(key)
    return safe_text.lines(value) if isinstance(value, str) else default


def flag(keys: Keys, key: str, default: bool = False) -> bool:
    """Return what is true or false, the default for anything else."""
    value = keys.get(key)
    return value if isinstance(value, bool) else default


def number(keys: Keys, key: str, default: float = 0) -> float:
    """Return a number of less than 10 digits, the default for anything else."""
    value = keys.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        return default
    return value


def texts(keys: Keys, key: str) -> tuple[str, ...]:
    """Return the names of files in a list."""
    value = keys.get(key)
    given = value if isinstance(value, list) else []
    return tuple(one for one in given if safe_text.is_file_name(one))


def files(keys: Keys, *names: str) -> tuple[str, ...]:
    """Return the names of files under these keys."""
    return tuple(file for file in map(keys.get, names) if safe_text.is_file_name(file))


def identity(keys: Keys, *, version: bool = True) -> tuple[str, str, str] | None:
    """Return file, name (the file's, if it has none) and version; None where it cannot be used."""
    file, its_version = keys.get("file"), safe_text.one_line(text(keys, "version"))
    if not safe_text.is_file_name(file) or (version and not its_version):
        return None
    return file, safe_text.one_line(text(keys, "name")) or file, its_version
