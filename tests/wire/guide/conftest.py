"""The guide's server, and the ways to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Secret
from drawbridge.devtools import guide_server
from drawbridge.emulator.server.server import Emulator, Options


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Emulator]]:
    """Start servers that have the guide's files beside their own, strict unless told otherwise."""
    folder = tmp_path / "models"
    folder.mkdir()
    guide_server.fill(folder)
    with ExitStack() as stack:

        def start(**options: Any) -> Emulator:
            options = {"strict": True, "models": folder, "stock": True, **options}
            return stack.enter_context(Emulator(Options(**options)))

        yield start


@pytest.fixture
def door() -> Callable[..., Endpoint]:
    """Return the endpoint of a server."""

    def find(emulator: Emulator, secret: str = "") -> Endpoint:
        known = Secret(secret) if secret else None
        return Endpoint("127.0.0.1", emulator.port, Transport.PLAINTEXT, secret=known)

    return find
