"""The catalogues that this ComfyUI knows: nodes that run and the page both add to them."""

from __future__ import annotations

import threading
from dataclasses import replace

from ...client.catalog.cache import CatalogCache, Told
from ...client.catalog.records import Catalog, ServerInfo
from ...client.store.server import Server
from ...client.threads import in_thread
from .. import host
from .status import heard

FRESH_SECONDS = 300.0


class Shelf:
    """Owns the cache of ComfyUI's user folder."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cache: CatalogCache | None = None

    def cache(self) -> CatalogCache:
        """Return the cache; a new one where ComfyUI's user folder is another than before."""
        folder = host.user_folder()
        with self._lock:
            if self._cache is None or self._cache.folder != folder:
                if self._cache is not None:
                    self._cache.close()
                self._cache = CatalogCache(folder)
            return self._cache

    def close(self) -> None:
        """End what is under way."""
        with self._lock:
            if self._cache is not None:
                self._cache.close()
                self._cache = None


SHELF = Shelf()


async def remember(server: Server, told: Told) -> None:
    """Keep what a server has told."""
    await in_thread(lambda: SHELF.cache().remember(server, told))


async def learn(server: Server, info: ServerInfo, usable: Catalog) -> None:
    """Keep what a node has heard by the way; the rest stays as it is known."""

    def keep() -> None:
        cache = SHELF.cache()
        told, last = heard(info, usable), cache.last(server)
        if last is not None:
            told = replace(
                last,
                info=told.info,
                asked_at=told.asked_at,
                present=told.present,
                usable=told.usable,
            )
        cache.remember(server, told)

    await in_thread(lambda: keep())


class Memory:
    """What a client of one server recalls: so a run after another one asks for no lists again."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def recall(self) -> Catalog | None:
        """Return what the server has told within FRESH_SECONDS, None to ask it."""
        told = SHELF.cache().fresh(self._server, FRESH_SECONDS)
        return None if told is None else told.usable

    async def keep(self, info: ServerInfo, catalog: Catalog) -> None:
        """Remember what it has told now."""
        await learn(self._server, info, catalog)
