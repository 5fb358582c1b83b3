"""ComfyUI's web server, as far as nodes speak to it."""

from __future__ import annotations


class PromptServer:
    """Collects the words that nodes show while they run."""

    instance: PromptServer

    def __init__(self) -> None:
        self.client_id: str | None = None
        self.texts: list[tuple[str, str]] = []

    def send_progress_text(self, text: str, node_id: str, sid: str | None = None) -> None:
        """Show a line of text on a node."""
        self.texts.append((node_id, text))


PromptServer.instance = PromptServer()
