"""Our socket types, and the immutable values that travel on them."""

from __future__ import annotations

from dataclasses import dataclass, field

from comfy_api.latest import io

from ..client import credentials
from ..client.endpoint import Endpoint, Transport

ServerSocket = io.Custom("DRAWBRIDGE_SERVER")
ModelSocket = io.Custom("DRAWBRIDGE_MODEL")


@dataclass(frozen=True)
class Server:
    """Where a Draw Things server is and how to speak to it; names a credential, never holds one."""

    host: str
    port: int
    transport: Transport
    certificate: bytes | None = field(default=None, repr=False)
    credential: str = ""

    def endpoint(self) -> Endpoint:
        """Return the endpoint with its secret. Raises CredentialMissing if there is none here."""
        return Endpoint(
            host=self.host,
            port=self.port,
            transport=self.transport,
            certificate=self.certificate,
            secret=credentials.find(self.credential),
        )


@dataclass(frozen=True)
class Model:
    """A model on a server.

    `version` is the raw ModelVersion string; `specification` is the server's own JSON object of the
    model, untouched, for the override of a request ("" where the server does not tell).
    """

    server: Server
    file: str
    version: str
    specification: str = ""
