"""What an emulated server has seen and done: for people who watch it, for tests that wait."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, TypeAlias

from ..stock.specifications import JsonValue

Entry: TypeAlias = Mapping[str, JsonValue]


class Journal:
    """A list of entries that grows: each has an `event`, a running `number` and seconds of `time`.

    Events: `listening`, `call` (an RPC arrived), `crash` (a real server would have), `uploaded`,
    and by `generation`, a number: `queued`, `started`, `step`, `cancelled`, `finished`, `failed`.
    With a `path`, every entry is also appended to that file as one line of JSON, at once.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._changed = threading.Condition()
        self._entries: list[Entry] = []
        self._start = time.monotonic()
        self._file: IO[str] | None = path.open("a", encoding="utf-8") if path else None

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; entries that come later stay in memory only."""
        with self._changed:
            if self._file:
                self._file.close()
                self._file = None

    def add(self, event: str, **values: JsonValue) -> None:
        """Append an entry and wake everybody who waits."""
        with self._changed:
            entry = {
                "number": len(self._entries),
                "time": round(time.monotonic() - self._start, 4),
                "event": event,
                **values,
            }
            self._entries.append(entry)
            if self._file:
                self._file.write(json.dumps(entry, ensure_ascii=False, allow_nan=True) + "\n")
                self._file.flush()
            self._changed.notify_all()

    @property
    def entries(self) -> list[Entry]:
        """All entries so far, oldest first."""
        with self._changed:
            return list(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def events(self, event: str, **values: JsonValue) -> list[Entry]:
        """Return the entries of one kind, of those the ones that have the given values."""
        return [
            entry
            for entry in self.entries
            if entry["event"] == event and values.items() <= entry.items()
        ]

    def wait_for(self, predicate: Callable[[Entry], bool], timeout: float = 60.0) -> Entry:
        """Return the first entry that satisfies the predicate, waiting `timeout` seconds for it.

        Raises TimeoutError where none comes.
        """
        deadline = time.monotonic() + timeout
        seen = 0
        with self._changed:
            while True:
                for entry in self._entries[seen:]:
                    if predicate(entry):
                        return entry
                seen = len(self._entries)
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(
                        f"nothing of that kind within {timeout} s; saw {seen} entries"
                    )

    def wait_for_event(self, event: str, timeout: float = 60.0, **values: JsonValue) -> Entry:
        """Return the first entry of one kind with the given values, waiting for it if need be."""
        return self.wait_for(
            lambda entry: entry["event"] == event and values.items() <= entry.items(), timeout
        )
