"""The interruption flag: POST /interrupt sets it, whoever looks at it has to act."""

from __future__ import annotations

import threading

_lock = threading.Lock()
_interrupted = False


class InterruptProcessingException(Exception):
    """The person has asked to stop."""


def interrupt_current_processing(value: bool = True) -> None:
    """Set or clear the flag; nothing is cancelled by this."""
    global _interrupted
    with _lock:
        _interrupted = value


def processing_interrupted() -> bool:
    """Tell whether the flag is set, and leave it as it is."""
    with _lock:
        return _interrupted


def throw_exception_if_processing_interrupted() -> None:
    """Raise if the flag is set, and clear it."""
    global _interrupted
    with _lock:
        if _interrupted:
            _interrupted = False
            raise InterruptProcessingException
