"""Every recorded answer, read by the client: events, pictures, errors are what the server meant."""

from __future__ import annotations

import hashlib
import json
import struct
from base64 import b64decode
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from drawbridge.client.client import DrawThingsClient
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.generation.events import (
    DownloadSize,
    Event,
    Phase,
    Picture,
    Preview,
    Progress,
    Queued,
)
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.secret import Secret
from drawbridge.client.upload.transfer import Done, Sending
from drawbridge.codec import image, tensor
from drawbridge.devtools.recordings import recording
from drawbridge.errors import (
    DrawbridgeError,
    GenerationFailed,
    ProtocolMismatch,
    RequestRejected,
    SecretRejected,
    ServerUnreachable,
    UploadFailed,
)
from drawbridge.facts.samplers import Sampler
from drawbridge.proto import image_service_pb2 as pb2

ROWS: list[dict[str, Any]] = recording("index")
CONFIG = GenerationConfig(
    model="m.ckpt", start_width=128, start_height=128, sampler=Sampler.DDIM_TRAILING
)
# What a client of ours does not do, and what the server gives nothing for.
OTHERWISE: dict[str, type[DrawbridgeError]] = {
    "generate_empty_result": GenerationFailed,
    "upload_empty_file": RequestRejected,
    "upload_two_inits": ProtocolMismatch,
}
_SERVICE = "/ImageGenerationService/"
_TENSOR_DIMS = slice(5, 9)  # of the header's words


def of(rpc: str) -> list[str]:
    return [row["name"] for row in ROWS if row["rpc"] == rpc]


class Replay(grpc.GenericRpcHandler):
    """Answers one call as it was recorded, and what a client asks around it as fits to that."""

    def __init__(self, name: str) -> None:
        self.recorded = recording(name)
        self.uploaded = b""
        secret = name.removeprefix("secret_").split("_")[0] if name.startswith("secret_") else ""
        self._greeting = recording(f"secret_{secret}_echo" if secret else "echo_no_browser")

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        method = handler_call_details.method.removeprefix(_SERVICE)
        return grpc.stream_stream_rpc_method_handler(
            lambda requests, context: self._answer(method, requests, context)
        )

    def _answer(
        self, method: str, requests: Iterator[bytes], context: grpc.ServicerContext
    ) -> Iterator[bytes]:
        recorded = self.recorded
        if method == "Hours" and recorded["rpc"].startswith("/"):
            pass  # stands for the method that there is none of
        elif method != recorded["rpc"]:
            if method == "FilesExist":
                asked = pb2.FileListRequest.FromString(next(requests)).files
                yield pb2.FileExistenceResponse(
                    files=asked, existences=[False] * len(asked), hashes=[b""] * len(asked)
                ).SerializeToString()
                return
            recorded = self._greeting
        context.send_initial_metadata(())
        responses = answers_of(recorded)
        if method == "UploadFile":
            yield from responses[:1]
            self.uploaded = b"".join(
                pb2.FileUploadRequest.FromString(request).chunk.content for request in requests
            )
            responses = responses[1:]
        yield from responses
        if recorded["status"] != "OK":
            context.abort(grpc.StatusCode[recorded["status"]], recorded["details"])


def answers_of(recorded: dict[str, Any]) -> list[bytes]:
    """Return the recorded messages; one reply is written down by its fields."""
    if "reply" not in recorded:
        return [rebuilt(response) for response in recorded["responses"]]
    told = recorded["reply"]
    lists = {kind: json.dumps(entries).encode() for kind, entries in told["override"].items()}
    reply = pb2.EchoReply(
        message=told["message"], files=told["files"], override=pb2.MetadataOverride(**lists)
    )
    return [reply.SerializeToString()]


def rebuilt(response: str | dict[str, Any]) -> bytes:
    """Return a recorded message, of a long one its beginning with zeros behind it."""
    if isinstance(response, str):
        return b64decode(response)
    start = b64decode(response["first_256"])
    assert start[0] == 0x0A  # generatedImages, then the length of its one element
    length, place, shift = 0, 1, 0
    while True:
        length |= (start[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if start[place - 1] < 0x80:
            break
    message = pb2.ImageGenerationResponse(scaleFactor=1)
    message.generatedImages.append(start[place:].ljust(length, b"\0"))
    if message.ByteSize() < response["bytes"]:
        message.chunkState = pb2.MORE_CHUNKS
    assert message.ByteSize() == response["bytes"]
    return message.SerializeToString()


@pytest.fixture
def replay() -> Iterator[Any]:
    """Serve a recorded conversation; return its endpoint and the server's side of it."""
    servers = []

    def start(name: str) -> tuple[Endpoint, Replay]:
        handler = Replay(name)
        options = [("grpc.max_send_message_length", -1)]
        server = grpc.server(futures.ThreadPoolExecutor(4), options=options)
        server.add_generic_rpc_handlers((handler,))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        secret = {"secret_right": "open sesame", "secret_wrong": "sesame"}.get(name[:12])
        endpoint = Endpoint(
            *("127.0.0.1", port, Transport.PLAINTEXT), secret=Secret(secret) if secret else None
        )
        return endpoint, handler

    yield start
    for server in servers:
        server.stop(0)


def error_of(name: str) -> type[DrawbridgeError] | None:
    """Return what a conversation is to end with for whoever uses the client."""
    row = next(row for row in ROWS if row["name"] == name)
    if name.startswith(("secret_none", "secret_wrong")):
        return SecretRejected
    if name in OTHERWISE:
        return OTHERWISE[name]
    if row["status"] == "OK":
        return None
    if row["rpc"] == "UploadFile":
        return UploadFailed
    return ServerUnreachable if row["status"] == "UNAVAILABLE" else DrawbridgeError


async def generate(endpoint: Endpoint) -> tuple[list[Event], DrawbridgeError | None]:
    events: list[Event] = []
    async with DrawThingsClient(endpoint) as client:
        try:
            async for event in client.generate(GenerationRequest("a lake", CONFIG)):
                events.append(event)
        except DrawbridgeError as error:
            return events, error
    return events, None


@pytest.mark.parametrize("name", of("GenerateImage"))
async def test_a_generation_gives_its_milestones_pictures_and_errors(
    replay: Any, name: str
) -> None:
    endpoint, server = replay(name)
    events, error = await generate(endpoint)
    expected = error_of(name)
    assert isinstance(error, expected) if expected else error is None, error
    if expected is SecretRejected:
        assert events == []
        return
    assert events[0] == Queued()
    answers = [
        pb2.ImageGenerationResponse.FromString(rebuilt(response))
        for response in server.recorded["responses"]
    ]
    told = [answer.currentSignpost for answer in answers if answer.HasField("currentSignpost")]
    reached = [event for event in events if isinstance(event, Progress)]
    assert [event.phase.value for event in reached] == [one.WhichOneof("signpost") for one in told]
    sampled = [event.step for event in reached if event.phase is Phase.SAMPLING]
    assert sampled == [one.sampling.step for one in told if one.HasField("sampling")]
    if reached:
        totals = {one.sampling.step for one in answers[0].signposts if one.HasField("sampling")}
        assert {reached[0].plan.steps} == totals
    shown = [event.encoded for event in events if isinstance(event, Preview)]
    assert shown == [answer.previewImage for answer in answers if answer.previewImage]
    for encoded in shown:
        assert tensor.decode(encoded).ndim == 4
    sizes = [event.total_bytes for event in events if isinstance(event, DownloadSize)]
    assert sizes == [answer.downloadSize for answer in answers if answer.HasField("downloadSize")]
    _check_pictures([event for event in events if isinstance(event, Picture)], answers)


def _check_pictures(pictures: list[Picture], answers: list[pb2.ImageGenerationResponse]) -> None:
    """Compare pictures with the headers that begin them, and with what the wire announces."""
    began, begins = [], True
    for answer in answers:
        if answer.generatedImages:
            if begins:
                words = struct.unpack_from("<17I", answer.generatedImages[0])
                began.append(tuple(words[_TENSOR_DIMS]))
            begins = answer.chunkState == pb2.LAST_CHUNK
    assert [picture.array.shape for picture in pictures] == began
    assert [picture.index for picture in pictures] == list(range(len(began)))
    for picture in pictures:
        shown = image.from_wire(picture.array)
        assert 0 <= float(shown.min()) <= float(shown.max()) <= 1


@pytest.mark.parametrize("name", of("Echo"))
async def test_a_greeting_tells_what_the_server_has(replay: Any, name: str) -> None:
    endpoint, server = replay(name)
    expected = error_of(name)
    async with DrawThingsClient(endpoint) as client:
        if expected is not None:
            with pytest.raises(expected):
                await client.echo()
            return
        info = await client.echo()
    reply = pb2.EchoReply.FromString(answers_of(server.recorded)[0])
    assert set(info.files) == set(reply.files)
    assert (info.catalog is not None) == ("--model-browser" in server.recorded["flags"])
    if name == "echo_full_catalogue":
        assert info.catalog is not None
        kinds = (info.catalog.models, info.catalog.loras, info.catalog.controls)
        assert [len(kind) for kind in kinds] == [129, 11, 39]


@pytest.mark.parametrize("name", of("FilesExist"))
async def test_files_and_their_hashes(replay: Any, name: str) -> None:
    endpoint, server = replay(name)
    [asked] = map(b64decode, server.recorded["requests"])
    names = list(pb2.FileListRequest.FromString(asked).files)
    expected = error_of(name)
    async with DrawThingsClient(endpoint) as client:
        if expected is not None:
            with pytest.raises(expected):
                await client.files_exist(names)
            return
        found = await client.files_exist(names)
    reply = pb2.FileExistenceResponse.FromString(b64decode(server.recorded["responses"][0]))
    assert [file.name for file in found] == names
    assert [file.exists for file in found] == list(reply.existences)
    assert [bytes.fromhex(file.sha256) for file in found] == list(reply.hashes)


@pytest.mark.parametrize("name", of("UploadFile"))
async def test_an_upload_is_confirmed_or_says_why_not(
    replay: Any, tmp_path: Path, name: str
) -> None:
    endpoint, server = replay(name)
    sent = [pb2.FileUploadRequest.FromString(b64decode(one)) for one in server.recorded["requests"]]
    content = b"".join(one.chunk.content for one in sent)
    path = tmp_path / "file.ckpt"
    if name != "upload_empty_file":
        content = content or b"something"
    path.write_bytes(content)
    events: list[Any] = []
    failure: DrawbridgeError | None = None
    async with DrawThingsClient(endpoint, retry_pause_seconds=0) as client:
        try:
            async for event in client.upload(path, "file.ckpt"):
                events.append(event)
        except DrawbridgeError as error:
            failure = error
    expected = error_of(name)
    if expected is not None:
        assert isinstance(failure, expected), failure
        if expected is UploadFailed:
            assert server.recorded["details"].split(":")[0] in failure.problem
        return
    assert failure is None, failure
    assert server.uploaded == content
    assert events[-1] == Done("file.ckpt", False, hashlib.sha256(content).hexdigest())
    confirmed = [event.acknowledged_bytes for event in events if isinstance(event, Sending)]
    assert confirmed[-1] == len(content)


@pytest.mark.parametrize("name", ["hours", "pubkey", "unknown_method", "unknown_service"])
async def test_what_only_the_cloud_answers(replay: Any, name: str) -> None:
    endpoint, server = replay(name)
    async with DrawThingsClient(endpoint) as client:
        if server.recorded["status"] != "OK":
            with pytest.raises((ProtocolMismatch, DrawbridgeError)):
                await client.hours()
            return
        if name == "hours":
            await client.hours()
    assert [b64decode(one) for one in server.recorded["responses"]] == [b""]
