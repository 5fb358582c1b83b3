"""ComfyUI's web server, as far as packs speak to it."""

from __future__ import annotations

from typing import Any

from aiohttp import web


class PromptServer:
    """Collects the words that nodes show while they run, the events for the page, and routes."""

    instance: PromptServer

    def __init__(self) -> None:
        self.client_id: str | None = None
        self.texts: list[tuple[str, str]] = []
        self.sent: list[tuple[str, Any, str | None]] = []
        self.routes = web.RouteTableDef()

    def send_progress_text(self, text: str, node_id: str, sid: str | None = None) -> None:
        """Show a line of text on a node."""
        self.texts.append((node_id, text))

    def send_sync(self, event: str, data: Any, sid: str | None = None) -> None:
        """Send an event to a page, or to all of them."""
        self.sent.append((event, data, sid))

    def app(self) -> web.Application:
        """Return what the routes make up, each also below /api; ComfyUI does so at its start."""
        app = web.Application()
        below = web.RouteTableDef()
        for route in self.routes:
            if isinstance(route, web.RouteDef):
                below.route(route.method, "/api" + route.path)(route.handler)
        app.add_routes(below)
        app.add_routes(self.routes)
        return app


PromptServer.instance = PromptServer()
