"""A server that sends more than it may is stopped before its bytes become objects."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import numpy as np
import pytest

from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection import channel, greeting, limits
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.allowance import Allowance
from drawbridge.client.generation.events import Audio, Event, Picture, Preview
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.generation.results import to_preview
from drawbridge.client.server_fields import Transport
from drawbridge.codec import tensor
from drawbridge.devtools import byte_server
from drawbridge.errors import BadTensor, ProtocolMismatch
from drawbridge.proto import image_service_pb2 as pb2

_MIB = 1 << 20
_CONFIG = GenerationConfig(model="m.ckpt", steps=4, start_width=1024, start_height=1024)
Response = pb2.ImageGenerationResponse
Serve = Callable[..., Endpoint]


def _request(version: str = "sdxl_base_v0.9", **changes: Any) -> GenerationRequest:
    return GenerationRequest(
        "a bridge", dataclasses.replace(_CONFIG, **changes), model_version=version
    )


@pytest.fixture
def raw() -> Iterator[Serve]:
    """Start servers that answer with bytes as they are given."""
    with byte_server.serving() as serve:
        yield lambda *given, **named: Endpoint(
            "127.0.0.1", serve(*given, **named), Transport.PLAINTEXT
        )


async def _generate(endpoint: Endpoint, request: GenerationRequest) -> list[Event]:
    async with DrawThingsClient(endpoint) as client:
        return [event async for event in client.generate(request)]


async def _refused(endpoint: Endpoint, work: Callable[[DrawThingsClient], Awaitable[Any]]) -> str:
    with pytest.raises(ProtocolMismatch) as caught:
        async with DrawThingsClient(endpoint) as client:
            await work(client)
    assert str(endpoint.address) in caught.value.problem
    assert "Send fewer" not in caught.value.remedy
    return caught.value.problem


_SHORT: dict[str, Callable[[DrawThingsClient], Awaitable[Any]]] = {
    "echo": lambda client: client.echo(),
    "hours": lambda client: client.hours(),
    "pubkey": lambda client: client.pubkey(),
    "files": lambda client: client.files_exist(["m.ckpt"]),
}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of the messages that reach the reader."""
    sizes: list[int] = []
    original = limits.has_more_parts

    def look(data: bytes, most: int) -> bool:
        sizes.append(len(data))
        return original(data, most)

    monkeypatch.setattr(limits, "has_more_parts", look)
    return sizes


@pytest.mark.parametrize("call", _SHORT)
async def test_short_answer_of_100_mib_in_100_kb_never_gets_through(
    raw: Serve, read: list[int], call: str
) -> None:
    problem = await _refused(raw(b"\x12\x00" * (50 * _MIB)), _SHORT[call])
    assert "answers with more than 16 MiB at once" in problem
    assert not read


async def test_short_answer_of_millions_of_parts_is_not_parsed(
    raw: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = b"\x12\x00" * (7 * _MIB)
    looked: list[int] = []
    original = limits.fields

    def count(data: bytes) -> Iterator[Any]:
        for field in original(data):
            looked.append(field.tag)
            yield field

    monkeypatch.setattr(limits, "fields", count)
    problem = await _refused(raw(bomb), _SHORT["echo"])
    assert "a message of more than 100,000 parts" in problem
    assert len(looked) == 100_001  # and none of the millions behind it


@pytest.mark.parametrize(
    "part",
    [b"\x0a\x00", b"\x1a\x00", b"\x32\x00", b"\x52\x00", b"\x12\x00"],
    ids=["pictures", "signposts", "tags", "sounds", "signpost"],
)
async def test_message_of_millions_of_parts_is_not_parsed(raw: Serve, part: bytes) -> None:
    endpoint = raw(stream=[part * (8 * _MIB)])
    problem = await _refused(endpoint, lambda client: _all(client, _request()))
    assert "a message of more than 4,096 parts" in problem


async def _all(client: DrawThingsClient, request: GenerationRequest) -> list[Event]:
    return [event async for event in client.generate(request)]


def _picture(height: int, width: int, codec: tensor.Codec = tensor.Codec.RAW) -> bytes:
    return tensor.encode(np.zeros((1, height, width, 3), np.float16), codec)


@pytest.mark.parametrize(("asked", "most"), [(1, 10), (4, 16)])
async def test_endless_pictures_come_to_an_end(raw: Serve, asked: int, most: int) -> None:
    one = Response(generatedImages=[_picture(64, 64)]).SerializeToString()
    problem = await _refused(
        raw(stream=itertools.repeat(one)), lambda client: _all(client, _request(batch_size=asked))
    )
    assert f"sends more than {most} pictures for this request" in problem


async def test_endless_sounds_come_to_an_end(raw: Serve) -> None:
    sound = tensor.encode(np.zeros((2, 4), np.float32))
    one = Response(generatedAudio=[sound]).SerializeToString()
    problem = await _refused(
        raw(stream=itertools.repeat(one)), lambda client: _all(client, _request())
    )
    assert "sends more than 10 sounds for this request" in problem


async def test_sounds_are_bounded_in_sum(raw: Serve) -> None:
    sound = tensor.encode(np.zeros((2, 5 * _MIB), np.float32), tensor.Codec.DEFLATE)
    one = Response(generatedAudio=[sound]).SerializeToString()
    with pytest.raises(BadTensor, match="Sound 2 cannot be read"):
        await _generate(raw(stream=itertools.repeat(one)), _request())


async def test_picture_much_larger_than_asked_for_is_not_unpacked(raw: Serve) -> None:
    big = Response(generatedImages=[_picture(8192, 8192, tensor.Codec.DEFLATE)])
    with pytest.raises(BadTensor, match=r"claims 384\.0 MiB, and at most 32\.0 MiB"):
        await _generate(raw(stream=[big.SerializeToString()]), _request())


async def test_preview_has_the_bound_of_its_size(raw: Serve) -> None:
    """One that is larger as it travels is left out; one that unpacks to more is not unpacked."""
    packed = tensor.encode(np.zeros((1, 8192, 8192, 4), np.float16), tensor.Codec.DEFLATE)
    travelling = b"\x00" * (17 * _MIB)
    messages = [
        Response(previewImage=packed),
        Response(previewImage=travelling),
        Response(generatedImages=[_picture(1024, 1024)]),
    ]
    events = await _generate(raw(stream=[m.SerializeToString() for m in messages]), _request())
    [preview] = [event for event in events if isinstance(event, Preview)]
    assert preview.encoded == packed
    assert preview.most_bytes == 16 * _MIB
    with pytest.raises(BadTensor, match=r"claims 512\.0 MiB, and at most 16\.0 MiB"):
        tensor.decode(preview.encoded, limit_bytes=preview.most_bytes)


async def test_message_of_a_generation_has_its_bound(
    raw: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "grpc.max_receive_message_length"
    assert (name, limits.MOST_MESSAGE_BYTES) in channel._OPTIONS
    assert limits.MOST_MESSAGE_BYTES == (1 << 30) + (1 << 20)
    monkeypatch.setattr(
        channel, "_OPTIONS", [(name, 4 * _MIB), *channel._OPTIONS]
    )  # the first counts
    endpoint = raw(stream=[b"\x00" * (5 * _MIB)])
    problem = await _refused(endpoint, lambda client: _all(client, _request()))
    assert "answers with more than 1,025 MiB at once" in problem


async def test_preview_of_a_library_s_user_has_the_bound_too() -> None:
    packed = tensor.encode(np.zeros((1, 8192, 8192, 4), np.float16), tensor.Codec.DEFLATE)
    with pytest.raises(BadTensor, match=r"claims 512\.0 MiB, and at most 16\.0 MiB"):
        to_preview(Preview(packed, 16 * _MIB), "v1")


async def test_batch_of_a_hundred_large_pictures_passes_untouched(raw: Serve) -> None:
    one = Response(generatedImages=[_picture(2048, 2048, tensor.Codec.DEFLATE)])
    endpoint = raw(stream=itertools.repeat(one.SerializeToString(), 100))
    request = _request(start_width=2048, start_height=2048, batch_size=100)
    came = 0
    async with DrawThingsClient(endpoint) as client:
        async for event in client.generate(request):
            if isinstance(event, Picture):
                came += event.array.shape == (1, 2048, 2048, 3)
    assert came == 100


async def test_long_video_passes_untouched(raw: Serve) -> None:
    frame = _picture(704, 1280)
    sound = tensor.encode(np.zeros((2, 5 * 48_000), np.float32))
    messages = [Response(generatedImages=[frame])] * 121 + [Response(generatedAudio=[sound])]
    request = _request("ltx2.3", start_width=1280, start_height=704, num_frames=121)
    counts = {Picture: 0, Audio: 0}
    endpoint = raw(stream=(m.SerializeToString() for m in messages), packed=False)
    async with DrawThingsClient(endpoint) as client:
        async for event in client.generate(request):
            if isinstance(event, Picture | Audio):
                counts[type(event)] += 1
    assert counts == {Picture: 121, Audio: 1}


@pytest.mark.parametrize(
    ("request_", "pictures", "picture_bytes"),
    [
        (_request(start_width=2048, start_height=2048, batch_count=100), 1, 2048 * 2048 * 16),
        (_request(start_width=2048, start_height=2048, batch_size=4), 4, 2048 * 2048 * 16),
        (_request(upscaler="4x.ckpt"), 1, 4096 * 4096 * 16),
        (_request("wan_v2.1_14b", num_frames=201), 201, 1024 * 1024 * 16),
        (_request("of tomorrow", num_frames=201), 201, 1024 * 1024 * 16),
    ],
)
def test_what_was_asked_for_is_allowed(
    request_: GenerationRequest, pictures: int, picture_bytes: int
) -> None:
    allowed = Allowance.of(request_, tensor.DEFAULT_LIMIT_BYTES)
    assert pictures < allowed.pictures <= 2 * pictures + 8
    assert picture_bytes < allowed.picture_bytes <= tensor.DEFAULT_LIMIT_BYTES
    assert picture_bytes // 64 <= allowed.preview_bytes


def test_catalog_of_a_thousand_models_passes_the_reader() -> None:
    reply = pb2.EchoReply(files=[f"model_{n}_q8p.ckpt" for n in range(5000)])
    reply.override.models = b"[" + b",".join([b'{"file":"%s"}' % (b"m" * 2000)] * 1000) + b"]"
    read = limits.bounded(greeting.read)(reply.SerializeToString())
    assert isinstance(read, greeting.Greeting)
    assert read.files == list(reply.files)
    assert read.lists == [reply.override.models, b"", b"", b"", b""]


def test_counting_of_parts_agrees_with_the_message() -> None:
    message = Response(
        generatedImages=[b"x" * 300, b""], tags=["a"], scaleFactor=1 << 20, downloadSize=1 << 40
    )
    data = message.SerializeToString()
    assert not limits.has_more_parts(data, 5)
    assert limits.has_more_parts(data, 4)
    assert not limits.has_more_parts(b"\xff" * 20, 1)
