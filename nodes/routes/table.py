"""The table of routes: which path leads to which answer. ComfyUI's start pays for none of them: a
module is loaded when a page asks for the first of its routes.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from ...client.threads import in_thread
from .. import host
from .guard import Answer, Body, Route, guarded


def routes() -> Mapping[str, Route]:
    """Return what answers at each path; made anew at each call, with turns of its own."""
    return {
        "/drawbridge/server": _Server().answer,
        "/drawbridge/versions": _route("settings", "model_versions"),
        "/drawbridge/recommended": _route("settings", "recommend"),
        "/drawbridge/configuration/read": _route("settings", "read_configuration"),
        "/drawbridge/configuration/picture": _route("settings", "read_picture"),
        "/drawbridge/configuration/write": _route("plan", "write"),
        "/drawbridge/configuration/overruled": _route("plan", "overruled"),
        "/drawbridge/credentials/list": _route("stored", "list_credentials"),
        "/drawbridge/credentials/set": _route("stored", "set_credential"),
        "/drawbridge/credentials/remove": _route("stored", "remove_credential"),
        "/drawbridge/servers/list": _route("stored", "list_servers"),
        "/drawbridge/servers/save": _route("stored", "save_server"),
        "/drawbridge/servers/remove": _route("stored", "remove_server"),
        "/drawbridge/servers/default": _route("stored", "choose_server"),
        "/drawbridge/presets/list": _route("presets", "offered"),
        "/drawbridge/presets/take": _route("presets", "take"),
        "/drawbridge/presets/save": _route("presets", "save"),
        "/drawbridge/presets/remove": _route("presets", "remove"),
        "/drawbridge/presets/share": _route("presets", "share"),
        "/drawbridge/pins/list": _route("stored", "list_pins"),
        "/drawbridge/pins/forget": _route("stored", "forget_pin"),
        "/drawbridge/nearby": _route("stored", "look_around"),
    }


def register() -> None:
    """Have ComfyUI's web server answer; once is enough, and more does no harm."""
    host.add_routes({path: guarded(route) for path, route in routes().items()})


def _route(module: str, name: str) -> Route:
    """Return what answers as a function of a module of this folder does."""

    async def answer(body: Body) -> Answer:
        return await getattr(await _loaded(module), name)(body)

    return answer


class _Server:
    """Answers as a `ServerRoute` of its own does."""

    def __init__(self) -> None:
        self._route: Route | None = None

    async def answer(self, body: Body) -> Answer:
        module = await _loaded("server")
        route: Route = self._route or module.ServerRoute().answer
        self._route = route
        return await route(body)


async def _loaded(module: str) -> Any:
    return await in_thread(lambda: importlib.import_module(f".{module}", __package__))
