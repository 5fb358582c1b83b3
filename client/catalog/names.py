"""Finding a file among specifications by the name that people give, and what it may have meant."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from typing import Protocol, TypeVar

from .. import safe_text

_LEAST_PART = 3  # letters; less is a part of everything


class Named(Protocol):
    """What every specification has: the file that a request names and the name that people see."""

    @property
    def file(self) -> str: ...

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def find(records: Iterable[N], name: str) -> N | None:
    """Return the specification of that file, else of that file or display name in any case.

    An umlaut of one code point and one of two are the same letter: macOS writes either.
    """
    known = list(records)
    wanted = _folded(name)
    return next((spec for spec in known if spec.file == name), None) or next(
        (spec for spec in known if wanted in (_folded(spec.file), _folded(spec.name))), None
    )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip()).casefold()


def alike(name: str, records: Iterable[Named]) -> str:
    """Return "Did you mean ...?" with the most similar files and names, "" where none is."""
    found = nearest(name, [label for spec in records for label in (spec.file, spec.name)])
    return f"Did you mean {' or '.join(found)}?" if found else ""


def nearest(name: str, names: Iterable[str], count: int = 3) -> list[str]:
    """Return up to `count` of the names that look most like `name`, best first, then those that it
    is a part of: real names are long.
    """
    by_key: dict[str, str] = {}
    for candidate in names:
        by_key.setdefault(_folded(candidate), candidate)
    wanted = _folded(name[: safe_text.LONGEST_NAME])
    found = difflib.get_close_matches(wanted, by_key, n=count, cutoff=0.5)
    if len(wanted) >= _LEAST_PART:
        found += sorted((key for key in by_key if wanted in key and key not in found), key=len)
    return [by_key[key] for key in found[:count]]
