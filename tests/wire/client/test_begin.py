"""A connection that is begun before its first call: who gets it, and who hears what hinders it."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import Callable, Iterator

import pytest

from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection import channel
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import DrawbridgeError, ServerUnreachable

Emulate = Callable[..., Emulator]
Door = Callable[..., Endpoint]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the targets to which channels are opened."""
    targets: list[str] = []
    open_channel = channel.open_channel

    def watched(endpoint: Endpoint, target: str, *more: object) -> object:
        targets.append(target)
        return open_channel(endpoint, target, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(channel, "open_channel", watched)
    return targets


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken, and at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_all_calls_share_what_was_begun(
    emulate: Emulate, door: Door, opened: list[str]
) -> None:
    async with DrawThingsClient(door(emulate())) as client:
        client.begin()
        client.begin()
        first, second = await asyncio.gather(client.echo(), client.echo())
        client.begin()
        assert first.message == second.message
        assert len(opened) == 1


async def test_the_next_call_hears_what_hinders_it_and_the_one_after_tries_anew(
    emulate: Emulate, closed_port: int, opened: list[str]
) -> None:
    endpoint = Endpoint("127.0.0.1", closed_port, Transport.PLAINTEXT)
    async with DrawThingsClient(endpoint) as client:
        client.begin()
        for tries in (1, 2):
            with pytest.raises(ServerUnreachable, match="Nothing listens"):
                await client.echo()
            assert len(opened) == tries


@pytest.mark.usefixtures("only_new_garbage")
@pytest.mark.parametrize("when", ["at once", "begun", "failed"])
async def test_what_nobody_asks_for_is_closed_without_a_word(
    closed_port: int, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    endpoint = Endpoint("127.0.0.1", closed_port, Transport.PLAINTEXT)
    with caplog.at_level(logging.DEBUG, "asyncio"):
        async with DrawThingsClient(endpoint) as client:
            client.begin()
            if when == "begun":
                await asyncio.sleep(0)
            if when == "failed":
                await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
        del client
        gc.collect()
    assert "never retrieved" not in caplog.text


async def test_closing_ends_a_call_that_waits_for_it() -> None:
    with socket.socket() as silent:  # takes connections and says nothing
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = Endpoint("127.0.0.1", silent.getsockname()[1], Transport.PLAINTEXT)
        client = DrawThingsClient(endpoint)
        client.begin()
        call = asyncio.ensure_future(client.echo())
        await asyncio.sleep(0)
        await client.close()
        with pytest.raises(DrawbridgeError, match="closed on this side"):
            await call


async def test_a_call_that_is_given_up_leaves_the_connection_to_others(
    emulate: Emulate, door: Door, opened: list[str]
) -> None:
    async with DrawThingsClient(door(emulate())) as client:
        client.begin()
        call = asyncio.ensure_future(client.echo())
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert (await client.echo()).message
        assert len(opened) == 1
