"""What a run hears of a server by the way replaces what is news, and leaves all else as it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from typing import Any

from drawbridge.client.address import Address
from drawbridge.client.catalog.cache import Told
from drawbridge.client.catalog.records import Catalog, ServerInfo
from drawbridge.client.store.server import Server
from drawbridge.nodes.servers import catalogs

NEWS = {"info", "asked_at", "present", "usable"}


async def test_run_keeps_every_field_that_it_hears_nothing_of(
    ask: Callable[..., Awaitable[Any]],
) -> None:
    server, cache = Server(Address("mac.local")), catalogs.SHELF.cache()
    odd = {str: "x", float: 7.5, "str": "x", "float": 7.5}
    other = {one.name: odd[one.type] for one in fields(Told) if one.name not in NEWS}
    assert other
    cache.remember(server, replace(Told(ServerInfo("old", 1), 5.0), **other))
    await catalogs.learn(server, ServerInfo("new", 2, catalog=Catalog()), Catalog())
    told = cache.last(server)
    assert told is not None
    assert told.info.message == "new"
    assert told.asked_at > 5
    assert {name: getattr(told, name) for name in other} == other
