"""A client of the server that a graph names, with what this ComfyUI keeps about it."""

from __future__ import annotations

from ...client.client import DrawThingsClient
from ...client.connection.endpoint import Endpoint
from ...client.store.credentials import Credentials
from ...client.store.pins import Pins
from ...client.store.server import Server
from ...client.store.servers import SavedServers
from ..host import user_folder
from .catalogs import Memory
from .secret_transport import check_way


def open_client(server: Server, *, connect_timeout_seconds: float = 10) -> DrawThingsClient:
    """Return a client of that server; nothing is sent yet.

    Raises CredentialMissing, also where the secret would travel in another way than the person has
    chosen; StoreUnusable where what is kept cannot be read.
    """
    folder = user_folder()
    endpoint = Endpoint.of(server, Credentials(folder))
    if endpoint.secret is not None:
        ways = {endpoint.address, str(server.address)}
        is_pinned = any(Pins(folder).get(way) is not None for way in ways)
        check_way(server, endpoint, SavedServers(folder).all(), is_pinned=is_pinned)
    return DrawThingsClient(
        endpoint,
        connect_timeout_seconds=connect_timeout_seconds,
        pins=Pins(folder),
        memory=Memory(server),
    )
