"""A file on its way to a server: all of it or nothing, and every status of docs/protocol.md 1.7."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import drawbridge
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Secret
from drawbridge.client.upload import transfer as module
from drawbridge.client.upload.local_file import CHUNK_BYTES, HashCache, LocalFile
from drawbridge.client.upload.transfer import Done, Hashing, Sending, UploadEvent, Verifying
from drawbridge.errors import (
    DrawbridgeError,
    ProtocolMismatch,
    RequestRejected,
    SecretRejected,
    ServerUnreachable,
    UploadFailed,
)
from drawbridge.proto import image_service_pb2 as pb2

DATA = bytes(range(251)) * 20_000  # four chunks and a part of one
SHA256 = hashlib.sha256(DATA).hexdigest()
DEATH: tuple[grpc.StatusCode, str] = (grpc.StatusCode.UNAVAILABLE, "Socket closed")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "here" / "new.ckpt"
    path.parent.mkdir()
    path.write_bytes(DATA)
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "there"
    folder.mkdir()
    return folder


async def collect(client: DrawThingsClient, path: Path, **options: Any) -> list[UploadEvent]:
    async with contextlib.aclosing(client.upload(path, **options)) as events:
        return [event async for event in events]


class Fake:
    """A server that takes uploads as a test wants it; `streams` is what it was sent."""

    def __init__(self) -> None:
        self.exists = False
        self.sha256 = b""
        self.ends: list[tuple[grpc.StatusCode, str]] = []
        self.cut_after = 3
        self.offsets: list[int] | None = None
        self.streams: list[list[pb2.FileUploadRequest]] = []
        self.gone = threading.Event()
        self.reached = threading.Event()
        self.hold = threading.Event()
        self.hold.set()
        self.asked: list[list[str]] = []

    def Echo(self, request: object, context: object) -> pb2.EchoReply:
        return pb2.EchoReply(message="HELLO")

    def FilesExist(self, request: pb2.FileListRequest, context: object) -> Any:
        self.asked.append(list(request.filesWithHash))
        return pb2.FileExistenceResponse(
            files=request.files,
            existences=[self.exists],
            hashes=[self.sha256 if request.filesWithHash else b""],
        )

    def UploadFile(
        self, requests: Iterator[pb2.FileUploadRequest], context: grpc.ServicerContext
    ) -> Iterator[pb2.UploadResponse]:
        context.add_callback(self.gone.set)
        seen: list[pb2.FileUploadRequest] = []
        self.streams.append(seen)
        end = self.ends.pop(0) if self.ends else None
        received = 0
        for request in requests:
            seen.append(request)
            received += len(request.chunk.content)
            if end is not None and len(seen) == self.cut_after:
                context.abort(*end)
            if len(seen) > 1:
                self.reached.set()
                self.hold.wait(30)
            answered = self.offsets.pop(0) if self.offsets else received
            yield pb2.UploadResponse(chunkUploadSuccess=True, receivedOffset=answered)
        if end is not None:
            context.abort(*end)


@pytest.fixture
def fake() -> Fake:
    return Fake()


def client_of(endpoint: Endpoint) -> DrawThingsClient:
    return DrawThingsClient(endpoint, retry_pause_seconds=0)


async def test_file_arrives_and_every_step_is_told(
    emulate: Callable[..., Any], door: Callable[..., Endpoint], source: Path, models: Path
) -> None:
    emulator = emulate(models=models)
    async with DrawThingsClient(door(emulator)) as client:
        events = await collect(client, source)
    assert (models / "new.ckpt").read_bytes() == DATA
    kinds = [type(event) for event in events]
    assert kinds == sorted(kinds, key=[Hashing, Sending, Verifying, Done].index)
    assert set(kinds) == {Hashing, Sending, Verifying, Done}
    sent = [event.acknowledged_bytes for event in events if isinstance(event, Sending)]
    assert sent == [*range(0, len(DATA), CHUNK_BYTES), len(DATA)]
    assert events[-1] == Done("new.ckpt", False, SHA256)


async def test_messages_are_those_of_the_official_client(
    serve: Callable[..., Endpoint], fake: Fake, source: Path
) -> None:
    plain = serve(fake)
    endpoint = Endpoint("127.0.0.1", plain.port, Transport.PLAINTEXT, secret=Secret("open sesame"))
    async with DrawThingsClient(endpoint) as client:
        await collect(client, source, name="other.ckpt")
    [[first, *chunks]] = fake.streams
    init = first.initRequest
    assert (init.filename, init.sha256.hex(), init.totalSize) == ("other.ckpt", SHA256, len(DATA))
    assert [one.chunk.offset for one in chunks] == list(range(0, len(DATA), CHUNK_BYTES))
    assert b"".join(one.chunk.content for one in chunks) == DATA
    assert {one.chunk.filename for one in chunks} == {""}
    assert {one.sharedSecret for one in (first, *chunks)} == {"open sesame"}


async def test_secret_opens_and_a_wrong_one_is_said_before_anything_is_sent(
    emulate: Callable[..., Any], door: Callable[..., Endpoint], source: Path, models: Path
) -> None:
    emulator = emulate(models=models, secret="open sesame", tls=True)
    async with DrawThingsClient(door(emulator, "wrong")) as client:
        with pytest.raises(SecretRejected):
            await collect(client, source)
    assert emulator.journal.events("call", rpc="UploadFile") == []
    async with DrawThingsClient(door(emulator, "open sesame")) as client:
        await collect(client, source)
    assert (models / "new.ckpt").read_bytes() == DATA


@pytest.mark.parametrize(
    ("content", "compare_hash", "skipped", "left"),
    [
        (b"other", False, True, b"other"),
        (DATA, True, True, DATA),
        (b"other", True, False, DATA),
    ],
    ids=["not compared", "same", "another"],
)
async def test_file_that_is_there_is_sent_only_if_compared_and_different(
    emulate: Callable[..., Any],
    door: Callable[..., Endpoint],
    source: Path,
    models: Path,
    content: bytes,
    compare_hash: bool,
    skipped: bool,
    left: bytes,
) -> None:
    (models / "new.ckpt").write_bytes(content)
    emulator = emulate(models=models)
    async with DrawThingsClient(door(emulator)) as client:
        events = await collect(client, source, compare_hash=compare_hash)
    assert events[-1] == Done("new.ckpt", skipped, SHA256 if compare_hash else "")
    assert (len(events) == 1) is not compare_hash
    assert bool(emulator.journal.events("call", rpc="UploadFile")) is not skipped
    assert _contents(models) == [left]


async def test_folder_of_that_name_is_never_replaced(
    emulate: Callable[..., Any], door: Callable[..., Endpoint], source: Path, models: Path
) -> None:
    (models / "new.ckpt").mkdir()
    emulator = emulate(models=models)
    async with DrawThingsClient(door(emulator)) as client:
        with pytest.raises(RequestRejected, match="does not tell its hash"):
            await collect(client, source, compare_hash=True)
    assert emulator.journal.events("call", rpc="UploadFile") == []


@pytest.mark.parametrize(
    ("code", "details", "kind", "words"),
    [
        ("DATA_LOSS", "Received chunk with unexpected offset", UploadFailed, "did not arrive"),
        ("DATA_LOSS", "File validation failed", UploadFailed, "did not arrive"),
        ("INTERNAL", "Failed to create file handle", UploadFailed, "cannot make the file"),
        ("INTERNAL", "Missing File metadata", UploadFailed, "failed to take"),
        ("INTERNAL", "unknown error processing request", UploadFailed, "failed to take"),
        (
            "INVALID_ARGUMENT",
            "uploaded file size does not match expectation totalBytesReceived: 1"
            " expectedFileSize:2",
            UploadFailed,
            "full length",
        ),
        ("UNIMPLEMENTED", "Service not supported", RequestRejected, "takes no files"),
        ("PERMISSION_DENIED", "no token", RequestRejected, "refuses access"),
        ("CANCELLED", "CANCELLED", UploadFailed, "stopped the upload"),
        ("RESOURCE_EXHAUSTED", "too large", RequestRejected, "larger than"),
    ],
)
@pytest.mark.parametrize("moment", [1, 3, 99], ids=["at once", "midway", "at the end"])
async def test_status_is_told_in_words_and_not_tried_again(
    serve: Callable[..., Endpoint],
    fake: Fake,
    source: Path,
    code: str,
    details: str,
    kind: type[DrawbridgeError],
    words: str,
    moment: int,
) -> None:
    fake.ends = [(grpc.StatusCode[code], details)]
    fake.cut_after = moment
    async with client_of(serve(fake)) as client:
        with pytest.raises(kind, match=words) as error:
            await collect(client, source)
    assert details in error.value.problem or code == "CANCELLED"
    assert len(fake.streams) == 1


async def test_name_that_the_server_cannot_make_leaves_nothing(
    emulate: Callable[..., Any], door: Callable[..., Endpoint], source: Path, models: Path
) -> None:
    async with DrawThingsClient(door(emulate(models=models))) as client:
        with pytest.raises(UploadFailed, match=r"cannot make the file what\?\.ckpt"):
            await collect(client, source, name="what?.ckpt")
    assert _contents(models) == []


async def test_cut_connection_starts_from_the_beginning(
    serve: Callable[..., Endpoint], fake: Fake, source: Path
) -> None:
    fake.ends = [DEATH, DEATH]
    async with client_of(serve(fake)) as client:
        events = await collect(client, source)
    assert events[-1] == Done("new.ckpt", False, SHA256)
    assert [len(stream) for stream in fake.streams] == [3, 3, 6]
    assert b"".join(one.chunk.content for one in fake.streams[-1]) == DATA
    starts = [e for e in events if isinstance(e, Sending) and not e.acknowledged_bytes]
    assert len(starts) == 3


async def test_cut_connection_is_given_up_after_three_times(
    serve: Callable[..., Endpoint], fake: Fake, source: Path
) -> None:
    fake.ends = [DEATH] * 9
    async with client_of(serve(fake)) as client:
        with pytest.raises(ServerUnreachable, match=r"broke while new\.ckpt was sent, 3 times"):
            await collect(client, source)
    assert len(fake.streams) == 3


async def test_last_word_that_was_lost_is_asked_for(
    serve: Callable[..., Endpoint], fake: Fake, source: Path
) -> None:
    fake.ends, fake.cut_after = [DEATH], 99
    fake.sha256 = bytes.fromhex(SHA256)
    async with client_of(serve(fake)) as client:
        events = await collect(client, source)
    assert events[-2:] == [Verifying(), Done("new.ckpt", False, SHA256)]
    assert len(fake.streams) == 1
    assert fake.asked == [[], ["new.ckpt"]]


async def test_server_that_is_gone_is_said(
    emulate: Callable[..., Any],
    door: Callable[..., Endpoint],
    source: Path,
    models: Path,
) -> None:
    emulator = emulate(models=models)
    endpoint = door(emulator)
    client = DrawThingsClient(endpoint, retry_pause_seconds=0, connect_timeout_seconds=0.5)
    _lengthen(source)
    async with client:
        with pytest.raises(ServerUnreachable, match="Nothing listens"):
            await _stop_midway(client, source, emulator.stop)
    assert _contents(models) == []


def _wait_until_empty(folder: Path) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if not list(folder.iterdir()):
            return
        pause.wait(0.01)
    raise AssertionError(f"{folder} still holds {list(folder.iterdir())}")


def _lengthen(path: Path, chunks: int = 200) -> None:
    with path.open("ab") as file:
        file.truncate(chunks * CHUNK_BYTES)


def _contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


async def _stop_midway(client: DrawThingsClient, source: Path, stop: Callable[[], object]) -> None:
    """Upload, and do something as soon as the first piece is confirmed."""
    stopped = False
    async with contextlib.aclosing(client.upload(source)) as events:
        async for event in events:
            if isinstance(event, Sending) and event.acknowledged_bytes and not stopped:
                stopped = True
                await asyncio.to_thread(stop)


@pytest.mark.parametrize("way", ["cancel", "close"])
async def test_giving_up_reaches_the_server_and_leaves_nothing(
    emulate: Callable[..., Any],
    door: Callable[..., Endpoint],
    source: Path,
    models: Path,
    caplog: pytest.LogCaptureFixture,
    way: str,
) -> None:
    _lengthen(source)
    sent = asyncio.Event()

    async def consume(client: DrawThingsClient) -> None:
        async with contextlib.aclosing(client.upload(source)) as events:
            async for event in events:
                if isinstance(event, Sending) and event.acknowledged_bytes:
                    sent.set()
                    if way == "close":
                        return
                    await asyncio.Event().wait()

    async with DrawThingsClient(door(emulate(models=models))) as client:
        task = asyncio.create_task(consume(client))
        await sent.wait()
        if way == "cancel":
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            await task
        await asyncio.to_thread(_wait_until_empty, models)
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        if rest:  # gRPC's own, which hear of the end last
            assert not (await asyncio.wait(rest, timeout=10))[1]
        await asyncio.to_thread(source.write_bytes, DATA)
        assert (await collect(client, source))[-1] == Done("new.ckpt", False, SHA256)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("moment", ["hashing", "unconfirmed", "verifying"])
async def test_cancelling_ends_the_call_at_every_moment(
    serve: Callable[..., Endpoint],
    fake: Fake,
    source: Path,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reached, stopped = threading.Event(), threading.Event()

    def endless(self: Any, progress: Any, stop: Callable[[], bool]) -> str:
        reached.set()
        while not stop():
            stopped.wait(0.002)
        stopped.set()
        raise ZeroDivisionError

    if moment == "hashing":
        monkeypatch.setattr("drawbridge.client.upload.local_file.LocalFile.sha256", endless)
    elif moment == "unconfirmed":
        fake.hold.clear()
        reached = fake.reached
    else:  # the last answer goes out, the status does not

        def patient(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
            yield from Fake.UploadFile(fake, requests, context)
            reached.set()
            fake.gone.wait(30)

        monkeypatch.setattr(fake, "UploadFile", patient)
    async with DrawThingsClient(serve(fake)) as client:
        task = asyncio.create_task(collect(client, source))
        assert await asyncio.to_thread(reached.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread((stopped if moment == "hashing" else fake.gone).wait, 10)
        fake.hold.set()


async def test_no_more_than_the_window_is_unconfirmed(
    serve: Callable[..., Endpoint], fake: Fake, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW_CHUNKS", 2)
    _lengthen(source, 30)
    arrived: list[int] = []

    class Slow(Fake):
        def UploadFile(self, requests: Any, context: Any) -> Iterator[pb2.UploadResponse]:
            """Take what comes in a thread of its own, and confirm one piece at a time."""
            taken = threading.Semaphore(0)

            def take() -> None:
                with contextlib.suppress(grpc.RpcError, Exception):
                    for _ in requests:
                        arrived.append(1)
                        taken.release()
                taken.release(100)

            threading.Thread(target=take, daemon=True).start()
            for confirmed in range(31):
                assert taken.acquire(timeout=10)
                most.append(len(arrived) - confirmed)
                yield pb2.UploadResponse(
                    chunkUploadSuccess=True, receivedOffset=confirmed * CHUNK_BYTES
                )
            taken.acquire(timeout=10)

    most: list[int] = []
    async with DrawThingsClient(serve(Slow())) as client:
        await collect(client, source)
    assert len(arrived) == 31
    assert max(most) <= 3  # the first message is no piece


@pytest.mark.parametrize("change", ["longer", "shorter", "other bytes", "gone"])
async def test_file_that_changes_on_its_way_is_an_error(
    emulate: Callable[..., Any],
    door: Callable[..., Endpoint],
    source: Path,
    models: Path,
    change: str,
) -> None:
    _lengthen(source)
    async with DrawThingsClient(door(emulate(models=models))) as client:
        with pytest.raises(RequestRejected, match="changed while it was sent"):
            await _stop_midway(client, source, lambda: _change(source, change))
        await asyncio.to_thread(_wait_until_empty, models)


def _change(path: Path, change: str) -> None:
    if change == "gone":
        path.unlink()
        return
    with path.open("r+b") as file:
        if change == "longer":
            file.truncate(201 * CHUNK_BYTES)
        elif change == "shorter":
            file.truncate(100 * CHUNK_BYTES)
        else:
            file.seek(-1, 2)
            file.write(b"x")


async def test_hash_that_is_known_is_not_computed_again(
    emulate: Callable[..., Any], door: Callable[..., Endpoint], source: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    async with DrawThingsClient(door(emulate())) as client:
        await collect(client, source, name="one.ckpt", hashes=HashCache(cache))
        events = await collect(client, source, name="two.ckpt", hashes=HashCache(cache))
        assert not any(isinstance(event, Hashing) for event in events)
        assert events[-1] == Done("two.ckpt", False, SHA256)


async def test_wrong_hash_in_the_cache_is_found_out_and_forgotten(
    emulate: Callable[..., Any],
    door: Callable[..., Endpoint],
    source: Path,
    models: Path,
    tmp_path: Path,
) -> None:
    HashCache(tmp_path).keep(LocalFile.look_at(source), "ab" * 32)
    async with DrawThingsClient(door(emulate(models=models))) as client:
        with pytest.raises(UploadFailed, match="did not arrive"):
            await collect(client, source, hashes=HashCache(tmp_path))
        events = await collect(client, source, hashes=HashCache(tmp_path))
    assert events[-1] == Done("new.ckpt", False, SHA256)


@pytest.mark.parametrize("offsets", [[0, 5 * CHUNK_BYTES], [0, CHUNK_BYTES, 0], [0, -1]])
async def test_confirmation_of_what_was_not_sent_is_an_error(
    serve: Callable[..., Endpoint], fake: Fake, source: Path, offsets: list[int]
) -> None:
    fake.offsets = [*offsets]
    async with DrawThingsClient(serve(fake)) as client:
        with pytest.raises(ProtocolMismatch, match="did not confirm"):
            await collect(client, source)


async def test_end_before_everything_is_there_is_an_error(
    serve: Callable[..., Endpoint], fake: Fake, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def early(requests: Iterator[Any], context: object) -> Iterator[pb2.UploadResponse]:
        next(requests)
        yield pb2.UploadResponse(chunkUploadSuccess=True)

    monkeypatch.setattr(fake, "UploadFile", early)
    _lengthen(source)
    async with DrawThingsClient(serve(fake)) as client:
        with pytest.raises(ProtocolMismatch, match="did not confirm"):
            await collect(client, source)


async def test_a_part_that_the_server_says_no_to_ends_the_upload(
    serve: Callable[..., Endpoint], fake: Fake, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(requests: Iterator[Any], context: object) -> Iterator[pb2.UploadResponse]:
        next(requests)
        yield pb2.UploadResponse(chunkUploadSuccess=False, message="disk full")

    monkeypatch.setattr(fake, "UploadFile", refuse)
    async with DrawThingsClient(serve(fake)) as client:
        with pytest.raises(UploadFailed, match=r"did not take .*disk full"):
            await collect(client, source)


class Discarding(Fake):
    """Keeps nothing of what it is sent, and counts it."""

    received = 0

    def UploadFile(self, requests: Any, context: Any) -> Iterator[pb2.UploadResponse]:
        self.received = 0
        for request in requests:
            self.received += len(request.chunk.content)
            yield pb2.UploadResponse(chunkUploadSuccess=True, receivedOffset=self.received)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows tells its peaks another way")
def test_large_file_takes_no_memory(serve: Callable[..., Endpoint], tmp_path: Path) -> None:
    server = Discarding()
    path = tmp_path / "large.ckpt"
    with path.open("wb") as file:
        file.truncate(512 << 20)
    root = Path(str(drawbridge.__file__)).parent
    script = root / "devtools" / "upload_memory.py"
    done = subprocess.run(
        [sys.executable, str(script), str(root), str(serve(server).port), str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert server.received == 512 << 20
    assert int(done.stdout) < 64 << 20, done.stdout
