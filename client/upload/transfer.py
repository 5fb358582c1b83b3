"""How a file gets to a server: hashed, sent in pieces, confirmed (docs/protocol.md 1.7)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from ...errors import DrawbridgeError, ServerUnreachable
from ...proto import image_service_pb2
from ..catalog.remote_files import files_exist
from ..connection import fields, grpc_36066
from ..connection.call import CallCancelled, Unreadable, give_up, settle
from ..connection.connection import Connection
from ..connection.fields import Encoded
from ..threads import in_stoppable_thread, in_thread
from . import upload_error
from .local_file import CHUNK_BYTES, HashCache, LocalFile, Pieces

_Request = image_service_pb2.FileUploadRequest
_CHUNK = _Request.DESCRIPTOR.fields_by_name["chunk"].number
_SECRET = _Request.DESCRIPTOR.fields_by_name["sharedSecret"].number
_CONTENT = image_service_pb2.FileChunk.DESCRIPTOR.fields_by_name["content"].number
# A message with a part of the file, and where in the file that ends.
Chunk = tuple[Encoded, int]
WINDOW_CHUNKS = 50
RETRIES = 2

_NEWS_SECONDS = 0.1


@dataclass(frozen=True)
class Hashing:
    """Of the file `done_bytes` are read for its hash; nothing is sent yet."""

    done_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Sending:
    """The server has confirmed `acknowledged_bytes`; back to 0 when it starts from the beginning
    after a cut connection.
    """

    acknowledged_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Verifying:
    """The server has everything and hashes it, for as long as its disk takes."""


@dataclass(frozen=True)
class Done:
    """The server has the file `name`; `skipped` where it had it before. `sha256` is its hash in
    hex, "" where none was needed.
    """

    name: str
    skipped: bool
    sha256: str = ""


UploadEvent = Hashing | Sending | Verifying | Done


class Broken(Exception):
    """The connection was lost during a transfer; `cause` is what to say if that is the end."""

    def __init__(self, cause: DrawbridgeError, whole: bool) -> None:
        super().__init__(cause)
        self.cause = cause
        self.whole = whole


async def upload(
    connection: Connection,
    path: Path,
    name: str,
    *,
    compare_hash: bool,
    hashes: HashCache,
    retry_pause_seconds: float,
) -> AsyncGenerator[UploadEvent, None]:
    """Bring a file to the server unless it is there; see DrawThingsClient.upload.

    `retry_pause_seconds` lets a server clear away what an upload has left at a cut.
    """
    file = await in_thread(lambda: LocalFile.look_at(path))
    [there] = await files_exist(connection, [name])
    if there.exists and not compare_hash:
        yield Done(name, skipped=True)
        return
    sha256 = await in_thread(lambda: hashes.find(file))
    if not sha256:
        async with contextlib.aclosing(_hash(file)) as hashing:
            async for step in hashing:
                if isinstance(step, str):
                    sha256 = step
                else:
                    yield step
        await in_thread(lambda: hashes.keep(file, sha256))
    if there.exists:
        [found] = await files_exist(connection, [name], with_hashes=True)
        if found.exists and not found.sha256:  # a folder would be removed by a server
            raise upload_error.unknown_content(connection.endpoint, name)
        if found.sha256 == sha256:
            yield Done(name, True, sha256)
            return
    for attempt in range(1 + RETRIES):
        try:
            sending = _attempt(connection, file, name, sha256, attempt)
            async with contextlib.aclosing(sending) as events:
                async for event in events:
                    yield event
            break
        except Broken as broken:
            if attempt == RETRIES:
                raise broken.cause from broken.__cause__
            await asyncio.sleep(retry_pause_seconds)
            await connection.recover()
            # Its last word may be all that was lost: a server goes on hashing without a listener.
            if broken.whole and await _has_arrived(connection, name, sha256):
                break
        except DrawbridgeError:
            await in_thread(lambda: hashes.forget(file))
            raise
    yield Done(name, False, sha256)


async def _has_arrived(connection: Connection, name: str, sha256: str) -> bool:
    try:
        [found] = await files_exist(connection, [name], with_hashes=True)
    except ServerUnreachable:  # broken once more: there are attempts for that
        return False
    return found.sha256 == sha256


async def _attempt(
    connection: Connection, file: LocalFile, name: str, sha256: str, attempt: int
) -> AsyncGenerator[UploadEvent, None]:
    """Send the file once; `attempt` counts from 0. Raises Broken where another one may help."""
    transfer = Transfer(file, name, sha256, connection)

    def words(code: grpc.StatusCode, details: str | None) -> Exception:
        told = upload_error.from_status(
            *(connection.endpoint, code, details),
            name=name,
            attempts=attempt + 1,
            secret_confirmed=connection.secret_confirmed,
        )
        return Broken(told, transfer.whole) if code is grpc.StatusCode.UNAVAILABLE else told

    with connection.explained(words):
        sending = transfer.events(await connection.call("UploadFile"))
        async with contextlib.aclosing(sending) as events:
            async for event in events:
                yield event


async def _hash(file: LocalFile) -> AsyncGenerator[Hashing | str, None]:
    """Yield how far it is, and the hash at last."""
    done = 0

    def note(done_bytes: int) -> None:
        nonlocal done
        done = done_bytes

    yield Hashing(0, file.size_bytes)
    work = asyncio.ensure_future(in_stoppable_thread(lambda stop: file.sha256(note, stop)))
    try:
        while not work.done():
            shown = done
            await asyncio.wait({work}, timeout=_NEWS_SECONDS)
            if done != shown:
                yield Hashing(done, file.size_bytes)
        yield work.result()
    finally:
        if not work.done():
            work.cancel()
            await asyncio.wait({work})


class Transfer:
    """One attempt at one file, over one call: `events` is to be used once.

    `whole` says that the server has confirmed every byte.
    """

    def __init__(
        self,
        file: LocalFile,
        name: str,
        sha256: str,
        connection: Connection,
    ) -> None:
        self._file = file
        self._name = name
        self._sha256 = sha256
        self._endpoint = connection.endpoint
        self._serialize = connection.serialize
        self._pieces = Pieces(file)
        self._read_bytes = 0
        self._sent_bytes = 0
        self._acknowledged_bytes = 0
        self._moved = asyncio.Event()
        self._reading: asyncio.Future[list[Chunk]] | None = None
        self._complete = False
        self._failure: Exception | None = None
        self.whole = False

    async def events(self, call: Any) -> AsyncGenerator[UploadEvent, None]:
        """Send the file and yield what the server confirms; the call is cancelled when this ends
        early.

        Raises RequestRejected where the file changes, ProtocolMismatch, and what `settle` raises.
        """
        writing = asyncio.ensure_future(self._write(call))
        try:
            yield Sending(0, self._file.size_bytes)
            while True:
                answer = await settle(call, call.read())
                if not isinstance(answer, image_service_pb2.UploadResponse):
                    break  # gRPC's own mark for the end
                if not answer.chunkUploadSuccess:
                    raise upload_error.refused(self._endpoint, self._name, answer.message)
                if self._note(answer.receivedOffset):
                    yield Sending(self._acknowledged_bytes, self._file.size_bytes)
                    if self.whole:
                        yield Verifying()
            if not self._complete or self._acknowledged_bytes < self._file.size_bytes:
                raise upload_error.cut_short(self._endpoint, self._name)
        except (grpc.aio.AioRpcError, CallCancelled, Unreadable):
            if self._failure is not None:  # the reason why the call was given up here
                raise self._failure from None
            raise
        finally:
            self._pieces.close()
            writing.cancel()
            try:
                await give_up(call, writing)
                await asyncio.wait({writing})
                await self._stop_reading()
            finally:
                # An error's traceback would keep them, and with them the connection.
                del call, writing

    def _note(self, received_bytes: int) -> bool:
        """Take an acknowledgement; say whether it is news. The first one is for the name alone."""
        if not self._acknowledged_bytes <= received_bytes <= self._sent_bytes:
            raise upload_error.cut_short(self._endpoint, self._name)
        if received_bytes == self._acknowledged_bytes:
            return False
        self._acknowledged_bytes = received_bytes
        self.whole = received_bytes == self._file.size_bytes
        self._moved.set()
        return True

    async def _write(self, call: Any) -> None:
        """Send all messages; an error of ours ends the call, one of the call's is the reader's."""
        try:
            await self._write_all(call)
        except grpc_36066.CallEnded:
            pass
        except Exception as error:
            self._failure = error
            await give_up(call)

    async def _write_all(self, call: Any) -> None:
        with contextlib.suppress(grpc.aio.AioRpcError):
            await call.wait_for_connection()
        init = image_service_pb2.InitUploadRequest(
            filename=self._name,
            sha256=bytes.fromhex(self._sha256),
            totalSize=self._file.size_bytes,
        )
        message = _Request(initRequest=init)
        await grpc_36066.write(call, message, self._serialize)
        self._reading = self._read_on()
        while chunks := await self._reading:
            self._reading = self._read_on()
            for message, end in chunks:
                await self._room()
                self._sent_bytes = end
                await grpc_36066.write(call, message, self._serialize)
        await in_thread(self._file.check)  # the server compares the hash
        self._complete = True
        await grpc_36066.end(call)

    def _read_on(self) -> asyncio.Future[list[Chunk]]:
        """Begin to read the next chunks, while those before them are sent."""

        def read(offset: int) -> list[Chunk]:
            chunks = []
            for content in self._pieces.next():
                message, offset = _chunk(content, offset), offset + len(content)
                chunks.append((message, offset))
            self._read_bytes = offset
            return chunks

        return asyncio.ensure_future(in_thread(lambda: read(self._read_bytes)))

    async def _stop_reading(self) -> None:
        """Wait for the end of what is read and not needed. Not for `_write`, which may be cancelled
        while it waits.
        """
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
            if not self._reading.cancelled():
                self._reading.exception()  # marks it as seen

    async def _room(self) -> None:
        """Wait until so little is unconfirmed that a server's memory need not grow."""
        while self._sent_bytes - self._acknowledged_bytes > (WINDOW_CHUNKS - 1) * CHUNK_BYTES:
            self._moved.clear()
            await self._moved.wait()


def _chunk(content: bytes, offset: int) -> Encoded:
    """Return the message with a part of the file; protobuf would copy that twice more."""
    rest = image_service_pb2.FileChunk(offset=offset).SerializeToString()
    head = fields.head(_CONTENT, len(content))
    whole = fields.head(_CHUNK, len(head) + len(content) + len(rest))
    return Encoded(_SECRET, b"".join((whole, head, content, rest)))
