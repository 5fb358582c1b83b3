"""Output: results to stdout, as lines or as one JSON object; all else to stderr."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from ..errors import DrawbridgeError
from . import outcome

_BAR_CELLS = 24
_NO_CHARACTER = "\N{REPLACEMENT CHARACTER}"
_NO_PHASE = object()
_LEAST_CHANGE = 0.1  # a log wants a line now and then, not one for each step


class Output:
    """What one command says; `as_json` is for scripts, which get exactly one object on stdout."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._notes: list[str] = []
        self._kept: dict[str, Any] = {}
        self._is_terminal = sys.stderr.isatty()
        self._bar = ""
        self._phase: object = _NO_PHASE
        self._fraction = 0.0

    def line(self, text: str = "") -> None:
        """Say a part of the result to a person."""
        if not self.as_json:
            self._clear()
            _write(sys.stdout, text, "\n")

    def result(self, **found: Any) -> None:
        """Say the whole result to a script; comes last."""
        self._clear()
        if self.as_json:
            notes = {"notes": self._notes} if self._notes else {}
            _write(sys.stdout, json.dumps({**found, **notes}), "\n")

    def note(self, words: str) -> None:
        """Say what a person should know beside the result, in a sentence."""
        self._notes.append(words)
        self._clear()
        if not self.as_json:
            _write(sys.stderr, words, "\n")

    def keep(self, **found: Any) -> None:
        """Have an error that comes later say what was found until now."""
        self._kept.update(found)

    def error(self, error: DrawbridgeError, **found: Any) -> int:
        """Say what went wrong, with what was found until then; return the exit code."""
        told = outcome.fields(error)
        self.result(**{**self._kept, **found}, error=told)
        if not self.as_json:
            for text in filter(None, (told["problem"], told["remedy"])):
                _write(sys.stderr, text, "\n")
        return outcome.exit_code(error)

    def progress(self, fraction: float, words: str, phase: object = None) -> None:
        """Show how far something is: a bar on a terminal, lines now and then elsewhere.

        `phase` is equal as long as `words` differ by their numbers only; a new one gets a line.
        """
        if self._is_terminal:
            full = round(fraction * _BAR_CELLS)
            bar = f"[{'#' * full}{'.' * (_BAR_CELLS - full)}] {fraction:4.0%} {words}"
            padding = " " * (len(self._bar) - len(bar))
            self._bar = bar
            _write(sys.stderr, f"{bar}{padding}", "\r")
            return
        moved = fraction < self._fraction or fraction >= self._fraction + _LEAST_CHANGE
        if phase != self._phase or moved:
            self._phase, self._fraction = phase, fraction
            _write(sys.stderr, f"{fraction:4.0%} {words}", "\n")

    def _clear(self) -> None:
        """Take the bar away, so that what comes next has the line for itself."""
        if self._bar:
            blank, self._bar = " " * len(self._bar), ""
            _write(sys.stderr, blank, "\r")


def _write(stream: TextIO, text: str, end: str) -> None:
    """Write a line of any origin: a server's words can hold what a terminal would obey."""
    shown = "".join(c if c.isprintable() else _NO_CHARACTER for c in text)
    encoding = stream.encoding or "utf-8"
    stream.write((shown + end).encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()
