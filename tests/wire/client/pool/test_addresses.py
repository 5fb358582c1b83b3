"""A name with several IP addresses as several servers, each computer once."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from drawbridge import errors
from drawbridge.client.address import Address
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection import channel
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.assemble import Wishes
from drawbridge.client.pool.addresses import distinct, each_address
from drawbridge.client.pool.member import Member
from drawbridge.client.pool.pool import Pool
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.secret import Secret
from drawbridge.client.store.server import Server
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.server.tls import Authority

NAME = "farm.test"
# A second address of this computer; macOS has 127.0.0.1 alone.
WAYS = ["127.0.0.1", "::1" if sys.platform == "darwin" else "127.0.0.2"]


@pytest.fixture(autouse=True)
def _name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the name both addresses."""
    look_up = socket.getaddrinfo

    def told(host: Any, *rest: Any, **more: Any) -> Any:
        if host != NAME:
            return look_up(host, *rest, **more)
        return [row for way in WAYS for row in look_up(way, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", told)


def test_way_to_a_host_is_not_read_from_what_a_workflow_says() -> None:
    """A secret that is meant for the host would go there."""
    fields = Server(Address(NAME), at="10.6.6.6", each_address=True).as_dict()
    assert not fields.keys() & {"at", "each_address"}
    for more in ({"at": "10.6.6.6"}, {"each_address": True}):
        with pytest.raises(TypeError):
            Server.from_dict({**fields, **more})


async def test_addresses_of_one_name_share_a_batch(
    serve: Callable[..., Emulator], wishes: Callable[..., Wishes], run: Callable[..., Any]
) -> None:
    authority = Authority()
    same = {
        "tls": True,
        "identity": authority.server((NAME,)),
        "secret": "open sesame",
        "step_ms": 30,
    }
    first = serve(host=WAYS[0], **same)
    second = serve(host=WAYS[1], port=first.port, **same)
    endpoint = Endpoint(
        *(NAME, first.port, Transport.OWN_CA, authority.root), secret=Secret("open sesame")
    )
    assert await each_address(endpoint) == WAYS
    ways = [replace(endpoint, at=way) for way in WAYS]

    async def identify(way: Endpoint) -> int:
        async with DrawThingsClient(way) as client:
            return (await client.echo(10)).server_identifier

    assert await distinct(ways, identify) == ways
    members = [Member(way.address, lambda way=way: DrawThingsClient(way)) for way in ways]
    story = await run(Pool(members), wishes(runs=6))
    story.check(6)
    assert len(story.shares) == 2
    for one in (first, second):
        assert one.journal.events("finished")


async def test_certificate_must_have_the_name_at_each_address(
    serve: Callable[..., Emulator],
) -> None:
    emulator = serve(tls=True)  # for localhost
    endpoint = Endpoint(NAME, emulator.port, Transport.OWN_CA, emulator.certificate, at=WAYS[0])
    async with DrawThingsClient(endpoint) as client:
        with pytest.raises(errors.TlsMismatch, match=NAME):
            await client.echo()


async def test_system_certificates_are_checked_at_the_address_that_is_meant() -> None:
    endpoint = Endpoint(NAME, 7859, Transport.SYSTEM)
    assert await channel.target(endpoint) == f"dns:///{NAME}:7859"
    assert await channel.target(replace(endpoint, at="10.1.2.3")) == "ipv4:10.1.2.3:7859"
    assert replace(endpoint, at="10.1.2.3").expected_name == NAME


async def test_computer_with_two_addresses_is_one_server() -> None:
    seen = {"cable": 7, "wireless": 7, "other": 8, "off": 0, "also off": 0}

    async def identify(way: str) -> int:
        if not seen[way]:
            raise errors.ServerUnreachable("Nothing listens.", "Start it.")
        return seen[way]

    assert await distinct(list(seen), identify) == ["cable", "other", "off", "also off"]


async def test_name_with_one_address_stays_a_name() -> None:
    assert await each_address(Endpoint("127.0.0.1")) == []
    assert await each_address(Endpoint("no-such-host.invalid")) == []
