"""The table of routes: which path leads to which answer."""

from __future__ import annotations

from collections.abc import Mapping

from .. import host
from . import plan, presets, settings, stored
from .guard import Route, guarded
from .server import ServerRoute


def routes() -> Mapping[str, Route]:
    """Return what answers at each path; made anew at each call, with turns of its own."""
    return {
        "/drawbridge/server": ServerRoute().answer,
        "/drawbridge/versions": settings.model_versions,
        "/drawbridge/recommended": settings.recommend,
        "/drawbridge/configuration/read": settings.read_configuration,
        "/drawbridge/configuration/write": plan.write,
        "/drawbridge/configuration/overruled": plan.overruled,
        "/drawbridge/credentials/list": stored.list_credentials,
        "/drawbridge/credentials/set": stored.set_credential,
        "/drawbridge/credentials/remove": stored.remove_credential,
        "/drawbridge/servers/list": stored.list_servers,
        "/drawbridge/servers/save": stored.save_server,
        "/drawbridge/servers/remove": stored.remove_server,
        "/drawbridge/servers/default": stored.choose_server,
        "/drawbridge/presets/list": presets.offered,
        "/drawbridge/presets/take": presets.take,
        "/drawbridge/presets/save": presets.save,
        "/drawbridge/presets/remove": presets.remove,
        "/drawbridge/presets/share": presets.share,
        "/drawbridge/pins/list": stored.list_pins,
        "/drawbridge/pins/forget": stored.forget_pin,
        "/drawbridge/nearby": stored.look_around,
    }


def register() -> None:
    """Have ComfyUI's web server answer; once is enough, and more does no harm."""
    host.add_routes({path: guarded(route) for path, route in routes().items()})
