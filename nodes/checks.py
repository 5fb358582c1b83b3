"""Checks of what a node is given, with one wording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from ..errors import RequestRejected

T = TypeVar("T")
AUTOMATIC = "automatic"  # the choice that leaves a value to whoever knows better


def complaint(check: Callable[[], object]) -> bool | str:
    """Return True where a check passes, else what it raises as a field shows it, on one line."""
    try:
        check()
    except RequestRejected as error:
        return error.on_one_line
    return True


def choice(named: str, value: str, options: Mapping[str, T]) -> T:
    """Return what the text of a Combo stands for, whatever its case.

    ComfyUI lets any text through a Combo, so a workflow can hold one that nobody knows. Raises
    RequestRejected for that; `named` says what the Combo chooses.
    """
    found = {text.casefold(): one for text, one in options.items()}
    key = value.strip().casefold()
    if key not in found:
        raise RequestRejected(
            f"The {named} cannot be {value[:40]!r}.", f"Choose one of: {', '.join(options)}."
        )
    return found[key]


def one_of(named: str, value: str, options: Iterable[str]) -> str:
    """Return the text of a Combo as its list spells it. Raises RequestRejected as `choice` does."""
    return choice(named, value, {text: text for text in options})


def file_name(text: str) -> str:
    """Return the name in a field, "" where it names nothing: other nodes write None for that."""
    name = text.strip()
    return "" if name.casefold() == "none" else name
