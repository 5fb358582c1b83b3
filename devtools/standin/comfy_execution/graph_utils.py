"""What a node may put in the place of an output."""

from __future__ import annotations


class ExecutionBlocker:
    """Keeps the nodes behind an output from running: silently, or with an error message."""

    def __init__(self, message: str | None) -> None:
        self.message = message
