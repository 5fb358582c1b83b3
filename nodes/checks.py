"""What nodes check of their fields, and how they say it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..errors import RequestRejected


def complaint(check: Callable[[], object]) -> bool | str:
    """Return True where a check passes, else what it raises as a field shows it, on one line."""
    try:
        check()
    except RequestRejected as error:
        return error.on_one_line
    return True


def check_choice(named: str, value: str, known: Collection[str]) -> None:
    """Raise RequestRejected for a value that `named` cannot have.

    ComfyUI lets any text through a Combo, so a workflow can hold one that nobody knows.
    """
    if value not in known:
        raise RequestRejected(f"The {named} is not known.", f"Choose one of {', '.join(known)}.")


def file_name(text: str) -> str:
    """Return the name in a field, "" where it names nothing: other nodes write None for that."""
    name = text.strip()
    return "" if name.casefold() == "none" else name
