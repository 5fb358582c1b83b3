"""Silent servers: one that has other work is waited for, one behind a cut cable is given up."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent import futures

import grpc
import pytest

from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection import channel
from drawbridge.client.connection.endpoint import Endpoint, TensorForm
from drawbridge.client.generation.events import Event, Queued
from drawbridge.client.generation.progress import words
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.server_fields import Transport
from drawbridge.errors import ServerUnreachable
from drawbridge.facts.samplers import Sampler
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.service import generic_handler

REQUEST = GenerationRequest(
    "a lake",
    GenerationConfig(model="m.ckpt", sampler=Sampler.DDIM_TRAILING),
)


class Silent:
    """Sends headers for a generation and nothing else, as a server with a long queue does."""

    def __init__(self) -> None:
        self.done = threading.Event()

    def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> pb2.EchoReply:
        return pb2.EchoReply(message="HELLO")

    def GenerateImage(
        self, request: pb2.ImageGenerationRequest, context: grpc.ServicerContext
    ) -> Iterator[pb2.ImageGenerationResponse]:
        context.send_initial_metadata(())
        self.done.wait(60)
        yield from ()


@pytest.fixture
def silent_port() -> Iterator[int]:
    servicer = Silent()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((generic_handler(servicer),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield port
    servicer.done.set()
    server.stop(0)


class Cable:
    """Hands bytes on between two ends until it is cut: then both ends hear nothing more."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cut = False

    async def plug(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            await asyncio.gather(self._carry(reader, back), self._carry(there, writer))
        finally:
            back.close()
            writer.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while block := await source.read(1 << 16):
                if not self._cut:
                    sink.write(block)
                    await sink.drain()
        sink.close()

    def cut(self) -> None:
        self._cut = True


async def test_a_request_that_waits_for_its_turn_is_told(silent_port: int) -> None:
    endpoint = Endpoint("127.0.0.1", silent_port, Transport.PLAINTEXT)
    async with DrawThingsClient(endpoint) as client:
        events = client.generate(REQUEST)
        first = await asyncio.wait_for(anext(events), 10)
        await events.aclose()
    assert first == Queued()
    assert words(Queued()) == "Waiting in the server's queue"


async def test_a_cut_cable_is_noticed_in_a_silent_step(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = [(name, int(value) // 100) for name, value in channel._PINGS]
    monkeypatch.setattr(channel, "_PINGS", hasty)
    cable = Cable(silent_port)
    async with await asyncio.start_server(cable.plug, "127.0.0.1", 0) as between:
        port = between.sockets[0].getsockname()[1]
        endpoint = Endpoint("127.0.0.1", port, Transport.PLAINTEXT)
        got: list[Event] = []

        async def wait() -> None:
            async with DrawThingsClient(endpoint, connect_timeout_seconds=1) as client:
                async for event in client.generate(REQUEST):
                    got.append(event)
                    cable.cut()

        with pytest.raises(ServerUnreachable):
            await asyncio.wait_for(wait(), 20)
    assert got == [Queued()]


@pytest.mark.parametrize("form", TensorForm)
async def test_a_dead_network_is_noticed_within_two_minutes_of_a_draw_things_server(
    form: TensorForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers of another kind turn pings within 5 minutes away."""
    opened: list[dict[str, int]] = []
    open_plainly: Callable[..., object] = grpc.aio.insecure_channel

    def note(target: str, options: list[tuple[str, int]]) -> object:
        opened.append(dict(options))
        return open_plainly(target, options=options)

    monkeypatch.setattr(grpc.aio, "insecure_channel", note)
    endpoint = Endpoint("127.0.0.1", 1, Transport.PLAINTEXT, tensor_form=form)
    await channel.open_channel(endpoint, "ipv4:127.0.0.1:1").close()
    [options] = opened
    pause = options["grpc.keepalive_time_ms"]
    patience = max(
        options["grpc.keepalive_timeout_ms"], options.get("grpc.http2.ping_timeout_ms", 0)
    )
    if form is TensorForm.SERVER:
        assert 30_000 <= pause <= 60_000
        assert pause + patience < 120_000
    else:
        assert pause > 300_000
