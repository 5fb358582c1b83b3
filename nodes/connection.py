"""A client of the server that a graph names, with what this ComfyUI keeps about it."""

from __future__ import annotations

from ..client.client import DrawThingsClient
from .sockets import Server


def open_client(server: Server) -> DrawThingsClient:
    """Return a client of that server; nothing is sent yet. Raises CredentialMissing."""
    return DrawThingsClient(server.endpoint())
