"""The servers of a graph, where a name may stand for several."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from ...client.catalog.cache import Told
from ...client.connection.endpoint import Endpoint
from ...client.pool.addresses import distinct, each_address
from ...client.store.server import Server
from ...client.threads import in_thread
from ...errors import RequestRejected
from ..records import MOST_SERVERS, AnyServer, servers
from .catalogs import FRESH_SECONDS, SHELF
from .client import open_client
from .status import question


async def each(server: AnyServer) -> tuple[Server, ...]:
    """Return the servers that are meant, with one for each IP address where a name stands for so
    many.

    Looks up and greets only where a Server Pool says so. Raises RequestRejected beyond
    MOST_SERVERS; what is wrong with a server, its use will tell.
    """
    known = servers(server)
    if not any(one.each_address for one in known):
        return known
    found = await asyncio.gather(*(_ways(one) for one in known))
    everyone = tuple(way for ways in found for way in ways)
    if len(everyone) > MOST_SERVERS:
        raise RequestRejected(
            f"The pool has more than {MOST_SERVERS} servers.", "Leave some of them out."
        )
    return everyone


async def _ways(server: Server) -> list[Server]:
    if not server.each_address:
        return [server]
    addresses = await each_address(await in_thread(lambda: Endpoint.of(server)))
    if not addresses:
        return [server]
    return await distinct([replace(server, at=one) for one in addresses], _identify)


async def _identify(server: Server) -> int:
    async def ask() -> Told:
        async with open_client(server) as client:
            return await question(client, FRESH_SECONDS)

    told = await SHELF.cache().ask(server, ask, FRESH_SECONDS)
    return told.info.server_identifier
