"""Nobody but its owner makes a secret go in a weaker way, by saving servers or forgetting pins."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from drawbridge.client.address import Address
from drawbridge.client.connection.channel import draw_things_root
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.pins import Pin, Pins
from drawbridge.client.store.secret import Secret
from drawbridge.client.store.server import Server
from drawbridge.errors import CredentialMissing
from drawbridge.nodes import host
from drawbridge.nodes.servers.secret_transport import check_way

Ask = Callable[..., Awaitable[Any]]
SECRET = "open sesame, please"
PLAIN, PUBLIC, SYSTEM, PINNED, OWN = (
    *(Transport.PLAINTEXT, Transport.DRAW_THINGS, Transport.SYSTEM, Transport.PINNED),
    Transport.OWN_CA,
)


def server(transport: Transport, name: str = "Studio", where: str = "mac.local") -> dict[str, Any]:
    certificate = draw_things_root().decode() if transport is OWN else ""
    return {
        **{"name": name, "host": where, "port": 7859, "transport": transport.value},
        **{"certificate": certificate, "credential": "studio"},
    }


@pytest.fixture
async def ask_with_secret(ask: Ask) -> Ask:
    """Ask a ComfyUI that has a secret for mac.local."""
    told = await ask("credentials/set", name="studio", servers=["mac.local"], secret=SECRET)
    assert told == {}
    return ask


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        *((None, PLAIN, True), (None, PUBLIC, False), (None, PINNED, False), (None, OWN, False)),
        *((PUBLIC, PLAIN, True), (PUBLIC, PINNED, False), (PUBLIC, SYSTEM, False)),
        *((PLAIN, PUBLIC, False), (PLAIN, PLAIN, False), (PINNED, PINNED, False)),
        *((PINNED, PLAIN, True), (PINNED, PUBLIC, True), (PINNED, SYSTEM, True)),
        *((OWN, OWN, False), (OWN, PUBLIC, True), (SYSTEM, OWN, True), (SYSTEM, None, True)),
        *((PUBLIC, None, False), (PLAIN, None, False), (PINNED, None, True)),
    ],
)
@pytest.mark.parametrize("by", ["the same name", "another name", "a new name for it"])
async def test_weaker_way_wants_the_secret(
    ask_with_secret: Ask, before: Transport | None, after: Transport | None, wanted: bool, by: str
) -> None:
    ask = ask_with_secret
    if before is not None:
        await ask("servers/save", **server(before), secret=SECRET)
    kept = (await ask("servers/list"))["servers"]
    if after is None:
        route, values = "servers/remove", {"name": "Studio"}
    else:
        name = "Studio" if by == "the same name" else "Other"
        route, values = "servers/save", server(after, name)
        if by == "a new name for it":
            values["replaces"] = "Studio"
    told = await ask(route, **values)
    assert ("error" in told) is wanted, told
    if not wanted:
        return
    assert told["error"]["kind"] == "SecretWanted"
    assert SECRET not in json.dumps(told)
    assert (await ask(route, **values, secret="guessed"))["error"]["kind"] == "SecretWanted"
    assert (await ask("servers/list"))["servers"] == kept
    assert "error" not in await ask(route, **values, secret=SECRET)
    assert (await ask("servers/list"))["servers"] != kept


@pytest.mark.parametrize("where", ["localhost", "127.0.0.1", "::1", "attic.local"])
async def test_servers_that_get_no_secret_are_saved_freely(
    ask_with_secret: Ask, where: str
) -> None:
    await ask_with_secret("credentials/set", name="home", servers=["localhost"], secret=SECRET)
    for transport in (PINNED, PLAIN):
        assert "error" not in await ask_with_secret("servers/save", **server(transport, "A", where))
    assert "error" not in await ask_with_secret("servers/remove", name="A")


async def test_server_that_moves_away_leaves_its_old_address_guarded(ask_with_secret: Ask) -> None:
    await ask_with_secret("servers/save", **server(PINNED))
    moved = server(PINNED, where="attic.local")
    told = await ask_with_secret("servers/save", **moved)
    assert told["error"]["kind"] == "SecretWanted"
    assert "mac.local:7859" in told["error"]["problem"]


def pinned(address: str = "mac.local:7859") -> Pins:
    pins = Pins(host.user_folder())
    pins.put(Pin.of(address, draw_things_root().decode()))
    return pins


async def test_forgetting_a_pin_wants_the_secret_that_goes_there(ask_with_secret: Ask) -> None:
    pins = pinned()
    told = await ask_with_secret("pins/forget", address="mac.local:7859")
    assert told["error"]["kind"] == "SecretWanted"
    assert pins.get("mac.local:7859") is not None
    told = await ask_with_secret("pins/forget", address="mac.local:7859", secret=SECRET)
    assert told == {"pins": []}
    pinned("attic.local:1")
    assert (await ask_with_secret("pins/forget", address="attic.local:1")) == {"pins": []}
    assert (await ask_with_secret("pins/forget", address="no address")) == {"pins": []}


async def test_other_way_to_a_pinned_server_wants_the_secret(ask_with_secret: Ask) -> None:
    pinned()
    for transport in (PUBLIC, SYSTEM, OWN, PLAIN):
        told = await ask_with_secret("servers/save", **server(transport))
        assert told["error"]["kind"] == "SecretWanted"
    assert "error" not in await ask_with_secret("servers/save", **server(PINNED))


@pytest.mark.parametrize("transport", [PUBLIC, SYSTEM, PINNED])
def test_graph_sends_a_secret_to_a_pinned_server_as_pinned_alone(transport: Transport) -> None:
    meant = Server(Address("mac.local"), transport, credential="studio")
    endpoint = Endpoint("mac.local", transport=transport, secret=Secret(SECRET))
    check_way(meant, endpoint, [])
    if transport is PINNED:
        check_way(meant, endpoint, [], is_pinned=True)
        return
    with pytest.raises(CredentialMissing, match="A certificate is pinned for"):
        check_way(meant, endpoint, [], is_pinned=True)
