"""Our nodes in the stand-in for ComfyUI, with an emulated server at the other end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import folder_paths
import pytest
from aiohttp.test_utils import TestClient, TestServer
from server import PromptServer
from standin.stage import Stage

from drawbridge.emulator.server.server import Emulator, Options

Page = TestClient[Any, Any]
Ask = Callable[..., Awaitable[Any]]


@pytest.fixture
def serve() -> Iterator[Callable[..., Emulator]]:
    """Start emulators with the options given; they end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(Options(**options)))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a host of its own for each test."""
    return Stage(tmp_path / "output")


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PromptServer:
    """Return a web server with our routes, and folders of its own."""
    from drawbridge.nodes.routes import table

    folder_paths.set_user_directory(str(tmp_path / "user"))
    server = PromptServer()
    monkeypatch.setattr(PromptServer, "instance", server)
    table.register()
    return server


@pytest.fixture
async def page(web: PromptServer) -> AsyncIterator[Page]:
    """Return what speaks to our routes as a page would."""
    from drawbridge.nodes.servers.catalogs import SHELF

    async with TestClient(TestServer(web.app())) as client:
        yield client
    SHELF.close()


@pytest.fixture
def ask(page: Page) -> Ask:
    """Ask a route; returns what it answers."""

    async def ask(route: str, /, **body: Any) -> Any:
        async with page.post(f"/drawbridge/{route}", json=body) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    return ask
