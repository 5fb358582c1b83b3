"""Which questions the page can put to us, and where the answers come from."""

from __future__ import annotations

from collections.abc import Mapping

from . import host, routes_private, routes_settings
from .routes_guard import Route, guarded
from .routes_server import ServerRoute


def routes() -> Mapping[str, Route]:
    """Return what answers at each path; made anew at each call, with turns of its own."""
    return {
        "/drawbridge/server": ServerRoute().answer,
        "/drawbridge/families": routes_settings.families,
        "/drawbridge/recommended": routes_settings.recommend,
        "/drawbridge/configuration/read": routes_settings.read_configuration,
        "/drawbridge/configuration/write": routes_settings.write_configuration,
        "/drawbridge/credentials/list": routes_private.list_credentials,
        "/drawbridge/credentials/set": routes_private.set_credential,
        "/drawbridge/credentials/remove": routes_private.remove_credential,
        "/drawbridge/servers/list": routes_private.list_servers,
        "/drawbridge/servers/save": routes_private.save_server,
        "/drawbridge/servers/remove": routes_private.remove_server,
        "/drawbridge/pins/list": routes_private.list_pins,
        "/drawbridge/pins/forget": routes_private.forget_pin,
        "/drawbridge/nearby": routes_private.look_around,
    }


def register() -> None:
    """Have ComfyUI's web server answer; once is enough, and more does no harm."""
    host.add_routes({path: guarded(route) for path, route in routes().items()})
