"""The page manages what this ComfyUI keeps: credentials, servers, certificates; and looks around.

Credentials are write-only: nothing of a secret or a key ever goes back to a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...client.address import Address
from ...client.connection import nearby
from ...client.store.credentials import Credentials
from ...client.store.pins import Pins
from ...client.store.secret import Identity, Secret
from ...client.store.server import Server
from ...client.store.servers import SavedServers
from ...client.threads import in_thread
from ...errors import RequestRejected
from .. import host
from ..servers.catalogs import SHELF
from ..servers.secret_guard import check_servers, demand
from .guard import Answer, Body
from .server import read_values


async def list_credentials(body: Body) -> Answer:
    """Return what credentials there are, and for which servers."""

    def rows() -> list[dict[str, Any]]:
        return [
            {
                "name": one.name,
                "stored": one.stored,
                "servers": list(one.servers),
                "has_secret": one.has_secret,
                "has_identity": one.has_identity,
            }
            for one in Credentials(host.user_folder()).listed()
        ]

    return {"credentials": await in_thread(lambda: rows())}


async def set_credential(body: Body) -> Answer:
    """Keep a credential; what is not given of secret and identity stays as it is, and a secret then
    goes to no further server.
    """
    name, servers = body.text("name"), body.texts("servers")
    typed = body.text("secret", "")
    secret = Secret(typed) if typed else None
    identity = _identity(body.text("client_certificate", ""), body.text("client_key", ""))
    await in_thread(
        lambda: Credentials(host.user_folder()).put(
            name, servers=servers, secret=secret, identity=identity, by_owner=False
        )
    )
    SHELF.cache().expire()
    return {}


def _identity(certificate: str, key: str) -> Identity | None:
    if not certificate.strip() and not key.strip():
        return None
    if not certificate.strip() or not key.strip():
        raise RequestRejected(
            "A client certificate and its key belong together, and one is missing.",
            "Give both as PEM text, or neither.",
        )
    return Identity(certificate.encode("utf-8", "replace"), Secret(key))


async def remove_credential(body: Body) -> Answer:
    """Forget a credential."""
    name = body.text("name")
    await in_thread(lambda: Credentials(host.user_folder()).remove(name))
    SHELF.cache().expire()
    return {}


async def list_servers(body: Body) -> Answer:
    """Return the servers that the person has saved."""
    return await in_thread(lambda: _servers())


async def save_server(body: Body) -> Answer:
    """Save a server under a name, in place of the one that it `replaces`, and make it the default
    one if that is wanted; from then on the page hears of it by itself.
    """
    at_once = body.whole("at_once", 1)
    server = Server.from_dict({**read_values(body), "name": body.text("name"), "at_once": at_once})
    replaces, default = body.text("replaces", ""), body.flag("default", False)
    typed = _typed(body)

    def save() -> Answer:
        saved = SavedServers(host.user_folder())
        _check_servers(saved, server, [replaces], typed)
        saved.put(server, replaces=replaces)
        if default:
            saved.choose(server.name)
        return _servers()

    return await in_thread(lambda: save())


async def remove_server(body: Body) -> Answer:
    """Forget a server."""
    name, typed = body.text("name"), _typed(body)

    def remove() -> Answer:
        saved = SavedServers(host.user_folder())
        _check_servers(saved, None, [name], typed)
        saved.remove(name)
        return _servers()

    return await in_thread(lambda: remove())


async def choose_server(body: Body) -> Answer:
    """Make a saved server the default one."""
    name = body.text("name")

    def choose() -> Answer:
        SavedServers(host.user_folder()).choose(name)
        return _servers()

    return await in_thread(lambda: choose())


def _typed(body: Body) -> Secret | None:
    text = body.text("secret", "")
    return Secret(text) if text else None


def _check_servers(
    saved: SavedServers, server: Server | None, gone: Sequence[str], typed: Secret | None
) -> None:
    """Raise SecretWanted for a change that weakens the way of a secret, unless it is typed."""
    folder = host.user_folder()
    after = saved.after(server, gone)
    check_servers(saved.all(), after, Pins(folder), Credentials(folder), typed)


def _servers() -> Answer:
    saved = SavedServers(host.user_folder())
    return {"servers": [one.as_dict() for one in saved.all()], "default": saved.default_name()}


async def list_pins(body: Body) -> Answer:
    """Return the certificates that were trusted on first use."""
    return await in_thread(lambda: _pins())


async def forget_pin(body: Body) -> Answer:
    """Forget a certificate, so that the next one is trusted on first use."""
    address, typed = body.text("address"), _typed(body)

    def forget() -> Answer:
        pins = Pins(host.user_folder())
        if pins.get(address) is not None:
            demand(Address.parse(address), Credentials(host.user_folder()), typed)
        pins.forget(address)
        SHELF.cache().expire()
        return _pins()

    return await in_thread(lambda: forget())


def _pins() -> Answer:
    return {"pins": [pin.as_dict() for pin in Pins(host.user_folder()).all()]}


async def look_around(body: Body) -> Answer:
    """Return the servers that announce themselves in the local network.

    Without the package that listens there are none, and `available` is false. Only the person's
    button asks this.
    """
    if not nearby.available():
        return {"servers": [], "available": False}
    found = [
        {
            "name": one.name,
            "host": one.address.host,
            "port": one.address.port,
            "transport": one.transport.value,
        }
        for one in await nearby.nearby()
    ]
    return {"servers": found, "available": True}
