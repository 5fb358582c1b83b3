"""The page asks whether a server answers, and what it has.

A graph can come from anybody, and must not make ComfyUI knock at doors of the local network. So by
itself the page hears only of servers that the person has saved, with exactly these values; of
others, when the person has asked for it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from ...client.catalog.cache import Told
from ...client.server_fields import means_default
from ...client.store.server import Server
from ...client.store.servers import SavedServers
from ...client.threads import in_thread
from ...errors import DrawbridgeError
from .. import host
from ..servers import status
from ..servers.catalogs import SHELF
from .guard import Answer, Body

MOST_QUESTIONS = 4
FRESH_SECONDS = 60.0
CONNECT_SECONDS = 4.0
ECHO_SECONDS = 10.0


class ServerRoute:
    """Asks servers for the page, a few at a time; the times bound one question."""

    def __init__(
        self, connect_seconds: float = CONNECT_SECONDS, echo_seconds: float = ECHO_SECONDS
    ) -> None:
        self._connect_seconds = connect_seconds
        self._echo_seconds = echo_seconds
        self._turns = asyncio.Semaphore(MOST_QUESTIONS)

    async def answer(self, body: Body) -> Answer:
        """Return the status of a server; ask it if it is saved, or if the person wants that."""
        values = read_values(body.body("server"))
        asked, refresh = body.flag("asked", False), body.flag("refresh", False)
        try:
            server = await in_thread(lambda: named_server(values))
        except DrawbridgeError as error:
            return status.failed(status.shown_address(values), error)
        address = str(server.address)
        cache = SHELF.cache()
        if not asked and not await in_thread(lambda: is_saved(server)):
            return await in_thread(lambda: status.unasked(address, cache.last(server)))
        try:
            meant = await in_thread(lambda: server.with_certificate_text())
            told = await cache.ask(
                meant, lambda: self._question(meant), 0 if refresh else FRESH_SECONDS
            )
        except DrawbridgeError as error:
            failure = error  # the name of a handler ends with it
            return await in_thread(lambda: status.failed(address, failure, cache.last(server)))
        return await in_thread(lambda: status.connected(address, told))

    async def _question(self, server: Server) -> Told:
        from ..servers.client import open_client

        async with self._turns:
            client = open_client(server, connect_timeout_seconds=self._connect_seconds)
            async with client:
                return await status.question(client, self._echo_seconds)


def read_values(body: Body) -> dict[str, Any]:
    """Return Connect's values, as Server reads them. Raises BadRequest."""
    return {
        "host": body.text("host"),
        "port": body.whole("port"),
        "transport": body.text("transport"),
        "certificate": body.text("certificate", ""),
        "credential": body.text("credential", ""),
    }


def named_server(values: dict[str, Any]) -> Server:
    """Return the server of Connect's values, which can name the default one; may block.

    Raises RequestRejected, StoreUnusable.
    """
    if means_default(values["host"]):
        return SavedServers(host.user_folder()).default()
    return Server.from_dict(values)


def is_saved(server: Server) -> bool:
    """Return whether the person has saved a server with exactly these values; may block.

    Raises StoreUnusable.
    """
    return SavedServers(host.user_folder()).holds(server)
