"""What a client may know of its server without asking it, kept by whoever makes the client."""

from __future__ import annotations

from typing import Protocol

from .records import Catalog, ServerInfo


class CatalogMemory(Protocol):
    """Remembers what one server has, as it told those who spoke to it in the same way."""

    async def recall(self) -> Catalog | None:
        """Return what it has told lately, the shared secret accepted; None to ask it again."""
        ...

    async def keep(self, info: ServerInfo, catalog: Catalog) -> None:
        """Remember what it has told now."""
        ...
