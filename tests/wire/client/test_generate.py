"""Generations against the emulator: what arrives, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
import numpy as np
import pytest
import torch

from drawbridge import errors
from drawbridge.client.catalog.records import Catalog, ServerInfo
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection.endpoint import Endpoint, TensorForm
from drawbridge.client.generation.events import (
    Audio,
    DownloadSize,
    Event,
    Phase,
    Picture,
    Preview,
    Progress,
    Queued,
    Receiving,
    RemoteDownload,
)
from drawbridge.client.generation.images import Images, Placed
from drawbridge.client.generation.progress import Meter
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.generation.results import to_image
from drawbridge.client.server_fields import Transport
from drawbridge.codec import image, latent, tensor
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import DrawbridgeError
from drawbridge.facts.samplers import Sampler
from drawbridge.facts.versions import VERSIONS
from drawbridge.proto import image_service_pb2 as pb2

Emulate = Callable[..., Emulator]
Door = Callable[..., Endpoint]

_MODEL = "sd_v1.5_f16.ckpt"
_CONFIG = GenerationConfig(
    model=_MODEL, steps=4, start_width=192, start_height=128, sampler=Sampler.EULER_A
)


def _request(**changes: Any) -> GenerationRequest:
    return GenerationRequest("a bridge", dataclasses.replace(_CONFIG, **changes))


async def _run(endpoint: Endpoint, request: GenerationRequest, **options: Any) -> list[Event]:
    async with DrawThingsClient(endpoint, **options) as client:
        return [event async for event in client.generate(request)]


def _all(events: list[Event], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


@pytest.mark.parametrize("options", [{}, {"compression": False}, {"float32": True}, {"tls": True}])
async def test_a_picture_arrives_after_progress_and_its_announcement(
    emulate: Emulate, door: Door, options: dict[str, Any]
) -> None:
    emulator = emulate(strict=True, **options)
    events = await _run(door(emulator), _request())
    (picture,) = _all(events, Picture)
    assert picture.array.shape == (1, 128, 192, 3)
    assert picture.array.dtype == (np.float32 if options.get("float32") else np.float16)
    assert (picture.index, picture.scale_factor) == (0, 1)
    assert tuple(image.from_wire(picture.array).shape) == (1, 128, 192, 3)
    kinds = [type(event) for event in events]
    assert kinds[-3:] == [DownloadSize, Receiving, Picture]
    assert kinds[0] is Queued
    assert set(kinds[1:-3]) == {Progress, Preview}
    (size,), (receiving,) = _all(events, DownloadSize), _all(events, Receiving)
    assert receiving.received_bytes == receiving.total_bytes == size.total_bytes


async def test_progress_counts_every_step_towards_the_servers_own_total(
    emulate: Emulate, door: Door
) -> None:
    events = await _run(door(emulate()), _request(steps=6))
    progress = _all(events, Progress)
    sampling = [event for event in progress if event.phase is Phase.SAMPLING]
    assert [event.step for event in sampling] == list(range(7))
    assert {event.total for event in sampling} == {6}
    assert {Phase.TEXT_ENCODED, Phase.IMAGE_DECODED} <= {event.phase for event in progress}
    meter = Meter()
    values = [meter.update(event) for event in progress]
    assert values == sorted(values)
    assert values[-1] > 0.8


async def test_previews_are_passed_on_undecoded(emulate: Emulate, door: Door) -> None:
    previews = _all(await _run(door(emulate()), _request(steps=6)), Preview)
    assert previews
    for preview in previews:
        decoded = latent.preview(tensor.decode(preview.encoded), "v1")
        assert decoded is not None


async def test_the_request_arrives_as_it_was_meant(emulate: Emulate, door: Door) -> None:
    emulator = emulate(strict=True)
    request = dataclasses.replace(_request(seed=4294967295, steps=3), negative_prompt="fog")
    await _run(door(emulator), request)
    (call,) = emulator.journal.events("call", rpc="GenerateImage")
    text = str(dict(call))
    assert "4294967295" in text
    assert "fog" in text
    assert _MODEL in text


async def test_a_batch_of_four_gives_four_pictures_in_order(emulate: Emulate, door: Door) -> None:
    pictures = _all(await _run(door(emulate()), _request(batch_size=4)), Picture)
    assert [picture.index for picture in pictures] == [0, 1, 2, 3]
    assert len({picture.array.tobytes() for picture in pictures}) == 4


@pytest.mark.parametrize("compression", [True, False])
async def test_a_large_picture_arrives_in_pieces_and_whole(
    emulate: Emulate, door: Door, compression: bool
) -> None:
    request = _request(start_width=896, start_height=896, steps=2, batch_size=2)
    events = await _run(door(emulate(compression=compression)), request)
    assert [picture.array.shape for picture in _all(events, Picture)] == [(1, 896, 896, 3)] * 2
    received = [event.received_bytes for event in _all(events, Receiving)]
    assert received == sorted(received)
    assert received[-1] == _all(events, DownloadSize)[0].total_bytes
    if not compression:
        assert len(received) == 4
        assert received[0] == 4 * 1024 * 1024


async def test_a_video_gives_its_frames_and_its_sound(emulate: Emulate, door: Door) -> None:
    async with DrawThingsClient(door(emulate())) as client:
        catalog = (await client.echo()).catalog
        assert catalog is not None
        model = next(spec for spec in catalog.models if VERSIONS[spec.version].audio_rate)
        config = dataclasses.replace(
            *(_CONFIG,), model=model.file, num_frames=9, sampler=Sampler.UNIPC_TRAILING
        )
        override = dataclasses.replace(type(catalog)(), models=(model,))
        request = GenerationRequest("a bridge", config, override=override)
        events = [event async for event in client.generate(request)]
    assert len(_all(events, Picture)) == VERSIONS[model.version].frames(9)
    (sound,) = _all(events, Audio)
    assert sound.array.dtype == np.float32
    assert sound.array.shape[0] == 2


async def test_image_to_image_sends_an_image_that_a_strict_server_takes(
    emulate: Emulate, door: Door
) -> None:
    pixels = np.linspace(-1, 1, 128 * 192 * 3, dtype=np.float16).reshape(1, 128, 192, 3)
    mask = np.full((128, 192), 3, np.uint8)
    mask[:64] = 2
    for fields in ({"image": pixels}, {"image": pixels, "mask": mask}):
        request = dataclasses.replace(_request(strength=0.5), **fields)
        (picture,) = _all(await _run(door(emulate(strict=True)), request), Picture)
        assert picture.array.shape == pixels.shape


async def test_strength_zero_gives_one_picture_whatever_the_batch(
    emulate: Emulate, door: Door
) -> None:
    pixels = np.zeros((1, 128, 192, 3), np.float16)
    request = dataclasses.replace(_request(strength=0.0, batch_size=2), image=pixels)
    assert len(_all(await _run(door(emulate()), request), Picture)) >= 1


async def test_messages_without_any_field_are_passed_over(emulate: Emulate, door: Door) -> None:
    plain = await _run(door(emulate()), _request())
    beaten = await _run(door(emulate(faults=("heartbeats",))), _request())
    assert [type(event) for event in beaten] == [type(event) for event in plain]


async def test_a_download_on_the_servers_side_is_told(emulate: Emulate, door: Door) -> None:
    events = await _run(door(emulate(faults=("remote-download",))), _request())
    downloads = _all(events, RemoteDownload)
    assert isinstance(events[1], RemoteDownload)  # behind Queued
    assert downloads[-1].received_bytes == downloads[-1].expected_bytes > 0
    assert (downloads[-1].item, downloads[-1].items) == (1, 1)


async def test_a_broken_preview_does_not_disturb(emulate: Emulate, door: Door) -> None:
    events = await _run(door(emulate(faults=("bad-preview",))), _request())
    assert len(_all(events, Picture)) == 1


@pytest.mark.parametrize(
    ("fault", "changes", "kind", "words"),
    [
        ("no-pictures", {}, errors.GenerationFailed, "finished without a picture"),
        ("short-batch", {"batch_size": 4}, errors.GenerationFailed, "gave 3 of 4 pictures"),
        ("missing-last-chunk", {}, errors.GenerationFailed, "at least picture 1 is missing"),
        ("missing-last-chunk", {"batch_size": 2}, errors.GenerationFailed, "picture 2 is missing"),
        ("damaged-picture", {}, errors.BadTensor, "Picture 1 cannot be read"),
        ("truncated-picture", {}, errors.BadTensor, "Picture 1 cannot be read"),
        ("internal-error", {}, errors.GenerationFailed, "took the request and then failed at it"),
        ("cancel-status", {}, errors.GenerationFailed, "stopped the generation itself"),
        (
            "die-mid-stream",
            {"start_width": 896, "start_height": 896, "steps": 2},
            *(errors.ServerUnreachable, "in the middle of the generation"),
        ),
    ],
)
async def test_a_fault_of_the_server_is_an_error_that_names_it_and_the_next_call_works(
    emulate: Emulate,
    door: Door,
    fault: str,
    changes: dict[str, Any],
    kind: type[DrawbridgeError],
    words: str,
) -> None:
    emulator = emulate(faults=(f"{fault}:1",))
    async with DrawThingsClient(door(emulator)) as client:
        with pytest.raises(DrawbridgeError, match=words) as caught:
            async for _ in client.generate(_request(**changes)):
                pass
        assert type(caught.value) is kind
        events = [event async for event in client.generate(_request())]
    assert _all(events, Picture)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("fault", ["damaged-picture", "truncated-picture"])
async def test_a_damaged_picture_costs_none_of_the_others(
    emulate: Emulate, door: Door, fault: str
) -> None:
    came: list[int] = []

    async def collect(client: DrawThingsClient) -> None:
        async for event in client.generate(_request(batch_size=3)):
            if isinstance(event, Picture):
                came.append(event.index)

    async with DrawThingsClient(door(emulate(faults=(fault,)))) as client:
        with pytest.raises(errors.BadTensor, match="Picture 1 cannot be read"):
            await collect(client)
    assert came == [1, 2]


async def test_what_is_made_of_a_picture_comes_in_its_place(emulate: Emulate, door: Door) -> None:
    """One that cannot be used costs none of the others, and is told of at the end."""
    threads: set[int] = set()

    def receive(picture: Picture) -> Placed:
        threads.add(threading.get_ident())
        if picture.index == 1:
            raise errors.GenerationFailed("Of no use.", "Try again.")
        return images.place(0, picture)

    request = _request(batch_size=3)
    images = Images([request])
    came: list[Placed] = []
    plain = [one for one in await _run(door(emulate()), request) if isinstance(one, Picture)]

    async def collect(client: DrawThingsClient) -> None:
        async for event in client.generate(request, receive):
            assert not isinstance(event, Picture)
            came.extend([event] if isinstance(event, Placed) else [])

    async with DrawThingsClient(door(emulate())) as client:
        with pytest.raises(errors.GenerationFailed, match="Of no use"):
            await collect(client)
    assert [one.index for one in came] == [0, 2]
    for one in came:
        assert torch.equal(one.image, to_image(plain[one.index]))
    assert threading.get_ident() not in threads


async def test_each_client_has_a_connection_of_its_own(emulate: Emulate, door: Door) -> None:
    emulator = emulate()
    async with DrawThingsClient(door(emulator)) as one, DrawThingsClient(door(emulator)) as other:
        await asyncio.gather(one.echo(), other.echo())
    assert len({str(call["peer"]) for call in emulator.journal.events("call")}) == 2


async def test_a_picture_without_its_last_piece_is_told_as_such(
    emulate: Emulate, door: Door
) -> None:
    emulator = emulate(faults=("missing-last-chunk",), compression=False)
    large = _request(start_width=896, start_height=896, steps=2)
    with pytest.raises(errors.GenerationFailed, match="last piece of picture 1 had come: 4194304"):
        await _run(door(emulator), large)


async def test_a_server_that_is_stopped_during_a_generation_is_told_as_a_broken_connection(
    emulate: Emulate, door: Door
) -> None:
    emulator = emulate(step_ms=20)

    async def stop_at_the_first_news() -> None:
        async with DrawThingsClient(door(emulator)) as client:
            async for event in client.generate(_request(steps=150)):
                if not isinstance(event, Queued):
                    await asyncio.to_thread(emulator.stop)

    with pytest.raises(errors.ServerUnreachable, match="in the middle of the generation"):
        await stop_at_the_first_news()


class _Greeter:
    def Echo(self, request: object, context: object) -> pb2.EchoReply:
        return pb2.EchoReply(message="HELLO")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, errors.RequestRejected),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.ServerBusy),
        (grpc.StatusCode.DATA_LOSS, errors.GenerationFailed),
        (grpc.StatusCode.INTERNAL, errors.GenerationFailed),
        (grpc.StatusCode.CANCELLED, errors.GenerationFailed),
        (grpc.StatusCode.UNIMPLEMENTED, errors.ProtocolMismatch),
    ],
)
async def test_a_status_at_once_is_translated_without_a_leak_of_the_secret(
    serve: Callable[..., Endpoint], code: grpc.StatusCode, kind: type[DrawbridgeError]
) -> None:
    class Refuser(_Greeter):
        def GenerateImage(
            self, request: pb2.ImageGenerationRequest, context: grpc.ServicerContext
        ) -> None:
            context.abort(code, f"no, says the server of {request.user}")

    with pytest.raises(DrawbridgeError, match="no, says the server of Drawbridge") as caught:
        await _run(serve(Refuser()), _request())
    assert type(caught.value) is kind
    assert isinstance(caught.value.__cause__, grpc.aio.AioRpcError)
    assert "CancelledError" not in "".join(traceback.format_exception(caught.value))


async def test_a_wrong_secret_ends_a_generation_before_it_is_sent(
    emulate: Emulate, door: Door
) -> None:
    emulator = emulate(secret="sesame")
    with pytest.raises(errors.SecretRejected):
        await _run(door(emulator, "wrong"), _request())
    assert [entry["rpc"] for entry in emulator.journal.events("call")] == ["Echo"]


async def test_the_secret_is_confirmed_once_for_a_client(emulate: Emulate, door: Door) -> None:
    emulator = emulate(secret="sesame")
    async with DrawThingsClient(door(emulator, "sesame")) as client:
        for _ in range(2):
            assert [event async for event in client.generate(_request())]
    calls = [entry["rpc"] for entry in emulator.journal.events("call")]
    assert calls == ["Echo", "GenerateImage", "GenerateImage"]


async def test_a_server_too_busy_for_its_greeting_gets_the_work_nevertheless(
    emulate: Emulate, door: Door
) -> None:
    emulator = emulate(faults=("slow-echo",))
    events = await _run(door(emulator), _request(), secret_timeout_seconds=0.1)
    assert _all(events, Picture)


async def test_what_must_not_be_sent_never_reaches_the_server(emulate: Emulate, door: Door) -> None:
    emulator = emulate()
    with pytest.raises(errors.RequestRejected, match="strength"):
        await _run(door(emulator), _request(strength=2.0))
    assert emulator.journal.events("call") == []


async def test_a_picture_beyond_the_limit_is_refused(emulate: Emulate, door: Door) -> None:
    with pytest.raises(errors.BadTensor):
        await _run(door(emulate()), _request(), limit_bytes=1000)


async def test_the_guides_form_is_written_where_asked_for_and_read_from_a_server(
    serve: Callable[..., Endpoint],
) -> None:
    class Guided(_Greeter):
        def GenerateImage(
            self, request: pb2.ImageGenerationRequest, context: object
        ) -> Iterator[pb2.ImageGenerationResponse]:
            return iter([pb2.ImageGenerationResponse(generatedImages=[request.contents[0]])])

    pixels = np.linspace(-1, 1, 64 * 128 * 3, dtype=np.float16).reshape(1, 64, 128, 3)
    endpoint = dataclasses.replace(serve(Guided()), tensor_form=TensorForm.GUIDE)
    request = dataclasses.replace(_request(), image=pixels)
    (picture,) = _all(await _run(endpoint, request), Picture)
    assert np.array_equal(picture.array.astype(np.float16), pixels)
    assert picture.scale_factor == 1


async def test_fields_and_milestones_of_the_future_are_passed_over(
    serve: Callable[..., Endpoint],
) -> None:
    picture = tensor.encode(np.zeros((1, 64, 64, 3), np.float16))

    class Newer(_Greeter):
        def GenerateImage(
            self, request: object, context: object
        ) -> Iterator[pb2.ImageGenerationResponse]:
            future = pb2.ImageGenerationResponse.FromString(b"\x9a\x06\x03new\x12\x04\xfa\x01\x01x")
            result = pb2.ImageGenerationResponse(generatedImages=[picture], scaleFactor=4)
            return iter([future, result])

    events = await _run(serve(Newer()), _request())
    assert [type(event) for event in events] == [Queued, Receiving, Picture]
    assert _all(events, Picture)[0].scale_factor == 4


async def test_a_message_that_cannot_be_read_ends_with_a_protocol_mismatch() -> None:
    def greet(request: bytes, context: object) -> bytes:
        return pb2.EchoReply(message="HELLO").SerializeToString()

    handlers = {
        "Echo": grpc.unary_unary_rpc_method_handler(greet),
        "GenerateImage": grpc.unary_stream_rpc_method_handler(lambda *_: iter([b"\xff\xff"])),
    }
    server = grpc.server(futures.ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("ImageGenerationService", handlers),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with pytest.raises(errors.ProtocolMismatch, match="cannot be read"):
            await _run(Endpoint("127.0.0.1", port, Transport.PLAINTEXT), _request())
    finally:
        server.stop(None).wait()


class _Remembered:
    """What an earlier client has learnt."""

    def __init__(self, catalog: Catalog | None) -> None:
        self.catalog = catalog

    async def recall(self) -> Catalog | None:
        return self.catalog

    async def keep(self, info: ServerInfo, catalog: Catalog) -> None:
        self.catalog = catalog


async def test_a_secret_that_has_changed_since_it_was_accepted_is_told_as_such(
    emulate: Emulate, door: Door
) -> None:
    emulator = emulate(secret="sesame")
    memory = _Remembered(Catalog())
    async with DrawThingsClient(door(emulator, "simsim"), memory=memory) as client:
        assert await client.catalog() is memory.catalog
        with pytest.raises(errors.SecretRejected):
            async for _ in client.generate(_request()):
                pass
    rpcs = [call["rpc"] for call in emulator.journal.events("call")]
    assert rpcs == ["GenerateImage", "Echo"]


async def test_another_failure_stays_what_it_is_when_the_secret_is_right(
    emulate: Emulate, door: Door
) -> None:
    emulator = emulate(secret="sesame", faults=("internal-error",))
    async with DrawThingsClient(door(emulator, "sesame"), memory=_Remembered(Catalog())) as client:
        await client.catalog()
        with pytest.raises(errors.GenerationFailed):
            async for _ in client.generate(_request()):
                pass


async def test_what_a_client_has_asked_for_it_gives_to_its_memory(
    emulate: Emulate, door: Door
) -> None:
    memory = _Remembered(None)
    async with DrawThingsClient(door(emulate()), memory=memory) as client:
        found = await client.catalog()
        assert memory.catalog is found
        assert found.models
