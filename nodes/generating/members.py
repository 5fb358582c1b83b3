"""The servers of a graph as a pool has them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from ...client.address import normalised
from ...client.pool.member import Member
from ...client.store.server import Server
from ..servers.client import open_client
from .server_queue import Place


def member(server: Server, place: Place, waiting: Callable[[], None]) -> Member:
    """Return a server for a pool; `waiting` is called where another node is at work there."""
    address = f"{normalised(server.at or server.address.host)}:{server.address.port}"
    name = server.name or str(server.address)
    return Member(
        name=f"{name} at {server.at}" if server.at else name,
        open=lambda: open_client(server),
        at_once=server.at_once,
        turn=lambda: place.turn(address, server.at_once, waiting),
        identity=_identity(address, server),
    )


def _identity(address: str, server: Server) -> str:
    """Return what tells one way to a server from another; it holds no secret."""
    certificate = hashlib.sha256(server.certificate.encode()).hexdigest()
    return " ".join((address, server.transport.value, certificate, server.credential.casefold()))
