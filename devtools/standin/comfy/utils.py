"""The progress bar of a node; the server hooks into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Hook = Callable[..., None]
_hook: Hook | None = None


def set_progress_bar_global_hook(hook: Hook | None) -> None:
    """Let `hook(value, total, preview, node_id=...)` see every update of every bar."""
    global _hook
    _hook = hook


class ProgressBar:
    """Counts to a total; an update raises InterruptProcessingException when the flag is set."""

    def __init__(self, total: float, node_id: str | None = None) -> None:
        self.total = total
        self.current: float = 0
        self.node_id = node_id
        self.hook = _hook

    def update_absolute(
        self, value: float, total: float | None = None, preview: Any = None
    ) -> None:
        """Move the bar; `preview` is (format, PIL image, longest side in pixels)."""
        self.total = self.total if total is None else total
        self.current = min(value, self.total)
        if self.hook is not None:
            self.hook(self.current, self.total, preview, node_id=self.node_id)

    def update(self, value: float) -> None:
        """Move the bar on."""
        self.update_absolute(self.current + value)
