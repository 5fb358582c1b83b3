"""The order of the ready graphs is ours, whatever that of the file system is."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from server import PromptServer

from drawbridge.nodes.routes import ready_graphs

NAMES = sorted(path.stem for path in ready_graphs.FOLDER.glob("*.json"))


@pytest.fixture
def application(monkeypatch: pytest.MonkeyPatch) -> Callable[..., web.Application]:
    """Return what makes ComfyUI's web server, which answers with what is given."""

    def made(told: Any) -> web.Application:
        async def templates(request: web.Request) -> web.Response:
            return web.json_response(told)

        async def page(request: web.Request) -> web.Response:
            return web.json_response({"pack": mixed()})

        app = web.Application()
        app.router.add_get("/workflow_templates", templates)
        app.router.add_get("/api/workflow_templates", templates)
        app.router.add_get("/api/other", page)
        monkeypatch.setattr(PromptServer.instance, "app", app, raising=False)
        for _ in range(2):  # as where the pack's nodes are listed twice
            ready_graphs.register()
        return app

    return made


def mixed() -> list[str]:
    """Return our names in another order."""
    names = NAMES.copy()
    random.Random(4).shuffle(names)
    assert names != NAMES
    return names


async def answers(app: web.Application, path: str) -> Any:
    async with TestClient(TestServer(app)) as client, client.get(path) as answer:
        return await answer.json()


@pytest.mark.parametrize("path", ["/workflow_templates", "/api/workflow_templates"])
async def test_ready_graphs_are_named_in_order(
    application: Callable[..., web.Application], path: str
) -> None:
    told = {"another": ["b", "a"], "Drawbridge": mixed()}
    app = application(told)
    assert len(app.middlewares) == 1
    assert await answers(app, path) == {"another": ["b", "a"], "Drawbridge": NAMES}


@pytest.mark.parametrize(
    "told", [{"another": ["b", "a"]}, {}, ["b", "a"], None, {"odd": [2, None]}, {"odd": "ba"}]
)
async def test_what_others_answer_stays(
    application: Callable[..., web.Application], told: Any
) -> None:
    assert await answers(application(told), "/workflow_templates") == told


async def test_other_answers_stay(application: Callable[..., web.Application]) -> None:
    assert await answers(application({}), "/api/other") == {"pack": mixed()}


async def test_a_server_that_has_started_is_left_alone(
    application: Callable[..., web.Application],
) -> None:
    app = application({})
    app.middlewares.clear()
    app.freeze()
    ready_graphs.register()
    assert len(app.middlewares) == 0


def test_no_web_server_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(PromptServer, "instance")
    ready_graphs.register()
