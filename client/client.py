"""A Draw Things server as an object: one method for each thing that can be asked of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import grpc
import grpc.aio

from ..codec.tensor import DEFAULT_LIMIT_BYTES, Codec
from ..errors import DrawbridgeError, ProtocolMismatch, ServerBusy
from ..proto import image_service_pb2
from ..proto.service import ImageGenerationStub
from . import safe_text
from .catalog import official
from .catalog.records import Catalog, RemoteFile, ServerInfo, Thresholds
from .connection import channel, explain
from .connection.endpoint import Endpoint, Transport
from .connection.finding import Finding, Probed
from .generation.assemble import Prepared, Wishes, prepare
from .generation.events import Event
from .generation.request import GenerationRequest
from .generation.stream import CallCancelled, Reader, Unreadable, settle
from .store.identity import check_identity
from .store.pins import IN_MEMORY, Pin, Pins
from .threads import in_thread
from .upload.local_file import HashCache, LocalFile, check_name
from .upload.transfer import Broken, Line, Transfer, UploadEvent, upload

T = TypeVar("T")

# Of a server's lists of models and other files; those of all official ones are less than 1 MiB.
MOST_GREETING_BYTES = 16 << 20
_POLL_SECONDS = 0.005


class DrawThingsClient:
    """A connection to one server, for one event loop: `async with DrawThingsClient(endpoint) as
    client`.

    It is made at the first call. Every method raises DrawbridgeError and never
    asyncio.CancelledError, unless the calling task itself is cancelled.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        name: str = "Drawbridge",
        connect_timeout_seconds: float = 10,
        secret_timeout_seconds: float = 10,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        retry_pause_seconds: float = 1,
        pins: Pins | None = None,
    ) -> None:
        """`limit_bytes` bounds one decoded picture; `secret_timeout_seconds` the Echo before other
        calls; `retry_pause_seconds` lets a server clear away what an upload has left at a cut;
        `pins` are those of Transport.PINNED, kept in memory where none are given.
        """
        self.endpoint = endpoint
        self._name = name
        self._connect_timeout_seconds = connect_timeout_seconds
        self._secret_timeout_seconds = secret_timeout_seconds
        self._limit_bytes = limit_bytes
        self._retry_pause_seconds = retry_pause_seconds
        self._pins = IN_MEMORY if pins is None else pins
        self._pin: Pin | None = None
        self._pinned_now = False
        self._channel: grpc.aio.Channel | None = None
        self._connecting = asyncio.Lock()
        self._greeted = False
        self._secret_confirmed = False

    async def __aenter__(self) -> DrawThingsClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connection; calls that still run fail."""
        if self._channel is not None:
            opened, self._channel = self._channel, None
            await opened.close()

    @property
    def pin(self) -> Pin | None:
        """The pin that this connection rests on; None before it, and for other transports."""
        return self._pin

    @property
    def pinned_now(self) -> bool:
        """Whether this client was the first to see the certificate, and trusted it."""
        return self._pinned_now

    @property
    def pins(self) -> Pins:
        """The pins of Transport.PINNED."""
        return self._pins

    async def echo(self, timeout_seconds: float = 30) -> ServerInfo:
        """Greet the server and return what it says about itself.

        Raises SecretRejected; ProtocolMismatch beyond MOST_GREETING_BYTES; ServerBusy where a
        connected server does not answer in time, as one started with --echo-on-queue does not while
        it generates.
        """
        request = image_service_pb2.EchoRequest(name=self._name)
        reply = await self._ask("Echo", request, timeout_seconds)
        if reply.sharedSecretMissing:
            raise explain.secret_rejected(self.endpoint)
        self._greeted = self._secret_confirmed = True
        if reply.ByteSize() > MOST_GREETING_BYTES:
            raise ProtocolMismatch(
                f"The server at {self.endpoint.address} greets with {reply.ByteSize() >> 20} MiB.",
                "Check that it is a Draw Things server, or turn its model browser off.",
            )
        secret = self.endpoint.secret
        message = reply.message.replace(secret.reveal(), "***") if secret else reply.message
        return await in_thread(lambda _: _server_info(reply, safe_text.one_line(message)))

    async def files_exist(
        self,
        files: Sequence[str],
        with_hashes: bool = False,
        timeout_seconds: float | None = None,
    ) -> list[RemoteFile]:
        """Return, for each name, whether the server has the file.

        Hashes hold up everything else on the server while it reads the files: ask for few, and
        rarely.
        """
        await self._confirm_secret()
        request = image_service_pb2.FileListRequest(files=files)
        if with_hashes:
            request.filesWithHash.extend(files)
        wait_seconds = timeout_seconds or (600 if with_hashes else 30)
        reply = await self._ask("FilesExist", request, wait_seconds)
        if not len(files) == len(reply.files) == len(reply.existences):
            raise ProtocolMismatch(
                f"The server at {self.endpoint.address} answered for {len(reply.existences)} of"
                f" {len(files)} files.",
                "Update the server, or report this.",
            )
        hashes = [*reply.hashes, *[b""] * (len(files) - len(reply.hashes))]
        return [
            RemoteFile(name, exists, digest.hex())
            for name, exists, digest in zip(files, reply.existences, hashes, strict=False)
        ]

    async def catalog(self, info: ServerInfo | None = None, timeout_seconds: float = 30) -> Catalog:
        """Return what the server has: the files that it tells of, and official ones besides.

        Where its model browser is off it tells of none, and is asked for each official file: the
        catalogue is then not `complete`, and there may be other files. `info` is what `echo` has
        returned; without it the server is greeted, within `timeout_seconds`. Raises what `echo` and
        `files_exist` raise.
        """
        info = info or await self.echo(timeout_seconds)
        if info.catalog is not None:
            told, there = info.catalog, list(info.files)
        else:
            told = Catalog(complete=False)
            asked = await self.files_exist(await in_thread(lambda _: official.files()))
            there = [file.name for file in asked if file.exists]
        return await in_thread(lambda _: official.beside(told, there))

    async def prepare(
        self, wishes: Wishes, catalog: Catalog | None = None, timeout_seconds: float = 30
    ) -> Prepared:
        """Return the requests that say what is wanted; `catalog` is what the method has returned.

        Raises what `catalog` raises; ModelUnavailable for a file that the server does not have, and
        for a model of which nobody knows the version; RequestRejected for what a server would crash
        on or ignore, and for a setting that there is none of.
        """
        if catalog is None:
            catalog = await self.catalog(timeout_seconds=timeout_seconds)
        return await prepare(self, wishes, catalog)

    async def hours(self, timeout_seconds: float = 30) -> Thresholds | None:
        """Return the account's compute units; None from a server of one's own."""
        reply = await self._ask("Hours", image_service_pb2.HoursRequest(), timeout_seconds)
        return _thresholds(reply.thresholds) if reply.HasField("thresholds") else None

    async def pubkey(self, timeout_seconds: float = 30) -> str:
        """Return the public key of a cloud proxy; empty from a server of one's own."""
        request = image_service_pb2.PubkeyRequest(name=self._name)
        return (await self._ask("Pubkey", request, timeout_seconds)).pubkey

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:
        """Generate, and yield what happens: see `events`. There is no deadline: the server may have
        a queue.

        Ends the call on the server within moments when the generator is closed or its task
        cancelled. Raises RequestRejected before anything is sent, and GenerationFailed where fewer
        pictures come than asked for.
        """
        message = await in_thread(lambda _: self._message(request))
        await self._confirm_secret()
        reader = Reader(self._limit_bytes)
        call = (await self._stub()).GenerateImage(message)
        try:
            async with contextlib.aclosing(reader.events(call)) as events:
                async for event in events:
                    yield event
        except (grpc.aio.AioRpcError, CallCancelled, Unreadable) as error:
            raise self._explain(error, call, reader) from self._cause(error)
        if not reader.pictures:
            raise explain.no_pictures(self.endpoint)
        if reader.pictures < request.least_pictures:
            raise explain.too_few(self.endpoint, request.least_pictures, reader.pictures)

    async def upload(
        self,
        path: Path,
        name: str = "",
        *,
        compare_hash: bool = False,
        hashes: HashCache | None = None,
    ) -> AsyncGenerator[UploadEvent, None]:
        """Bring a file to the server; yields Hashing, Sending, Verifying and at last Done.

        `name` is what the server calls it, the file's own name if empty. Nothing is sent if the
        server has a file of that name; with `compare_hash`, only if that has the same content, and
        another one is replaced. Memory stays constant, there is no deadline, and after a cut
        connection it starts again a few times. Ends the call on the server within moments when the
        generator is closed or its task cancelled, and leaves nothing there.

        Raises RequestRejected for a bad name, a missing or empty file and one that changes on its
        way, UploadFailed where it does not arrive whole.
        """
        name = check_name(name or path.name)
        file = await in_thread(lambda _: LocalFile.look_at(path))
        line = Line(self.endpoint, self._ask_for_file, self._transfer, self._recover)
        steps = upload(line, file, name, compare_hash, hashes or HashCache())
        async with contextlib.aclosing(steps) as events:
            async for event in events:
                yield event

    async def _ask_for_file(self, name: str, with_hash: bool) -> RemoteFile:
        [found] = await self.files_exist([name], with_hash)
        return found

    async def _transfer(
        self, file: LocalFile, name: str, sha256: str, attempt: int
    ) -> AsyncGenerator[UploadEvent, None]:
        transfer = Transfer(file, name, sha256, self.endpoint, self._serialize)
        call = (await self._stub()).UploadFile()
        try:
            async with contextlib.aclosing(transfer.events(call)) as events:
                async for event in events:
                    yield event
        except Unreadable as error:
            raise explain.unreadable(self.endpoint) from error
        except (grpc.aio.AioRpcError, CallCancelled) as error:
            code, details = _status(error)
            told = explain.closed_here(self.endpoint)
            if self._channel is not None:
                told = explain.from_upload_status(
                    self.endpoint,
                    code,
                    details,
                    name=name,
                    attempts=attempt + 1,
                    secret_confirmed=self._secret_confirmed,
                )
                if code is grpc.StatusCode.UNAVAILABLE:
                    raise Broken(told, transfer.whole) from self._cause(error)
            raise told from self._cause(error)

    async def _recover(self) -> None:
        """Wait a while for a server whose connection broke. Raises what hinders a new one."""
        await asyncio.sleep(self._retry_pause_seconds)
        until = time.monotonic() + self._connect_timeout_seconds
        while (opened := self._channel) is not None and time.monotonic() <= until:
            if opened.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
                return
            await asyncio.sleep(_POLL_SECONDS)
        if opened is None:
            raise explain.closed_here(self.endpoint)
        raise await self._unreachable()

    def _message(self, request: GenerationRequest) -> image_service_pb2.ImageGenerationRequest:
        return request.to_message(
            # Between two processes of one computer, copying bytes is cheaper than packing them.
            codec=Codec.RAW if self.endpoint.is_loopback else Codec.DEFLATE,
            form=self.endpoint.tensor_form,
            user=self._name,
        )

    def _serialize(self, message: Any) -> bytes:
        """Sign a request for just as long as it takes to turn it into bytes: whoever logs it, or
        shows a traceback with local variables, shall not show the secret.
        """
        secret = self.endpoint.secret
        if secret is None or "sharedSecret" not in message.DESCRIPTOR.fields_by_name:
            return message.SerializeToString()
        message.sharedSecret = secret.reveal()
        try:
            return message.SerializeToString()
        finally:
            message.ClearField("sharedSecret")

    async def _confirm_secret(self) -> None:
        """Greet once before work: only Echo tells a wrong secret from other trouble.

        See docs/protocol.md 1.2.
        """
        if self._greeted:
            return
        try:
            await self.echo(self._secret_timeout_seconds)
        except ServerBusy:
            self._greeted = (
                True  # --echo-on-queue: the answer is on its way, the work can queue up too
            )

    async def _stub(self) -> ImageGenerationStub:
        async with self._connecting:
            if self._channel is None:
                self._channel = await self._connect()
            return ImageGenerationStub(self._channel, self._serialize)

    async def _connect(self) -> grpc.aio.Channel:
        """Return a channel that is connected; raises what hinders it within a bounded time."""
        identity = self.endpoint.identity
        if identity is not None and self.endpoint.transport is not Transport.PLAINTEXT:
            await in_thread(lambda _: check_identity(identity))  # gRPC has no words for it
        try:
            where = await asyncio.wait_for(
                channel.target(self.endpoint), self._connect_timeout_seconds
            )
        except (OSError, asyncio.TimeoutError) as error:
            raise await self._unreachable() from error
        pinned = await self._compare() if self.endpoint.transport is Transport.PINNED else None
        opened = channel.open_channel(self.endpoint, where, pinned)
        try:
            if await self._becomes_ready(opened):
                if pinned is not None:
                    await self._trust(pinned)
                return opened
        except BaseException:
            await opened.close()
            raise
        await opened.close()
        raise await self._unreachable()

    async def _compare(self) -> Probed:
        """Return what the server shows, if it is what is pinned or nothing is; raises otherwise.

        Every time, although gRPC then trusts nothing else: gRPC would also take a certificate that
        was signed with the key of the pinned one.
        """
        self._pin = await in_thread(lambda _: self._pins.get(self.endpoint.address))
        seconds = self._connect_timeout_seconds
        # What else the server may want, gRPC finds out, and the probe after it.
        seen = await explain.look(self.endpoint, seconds, self._pin, stay=False)
        if seen.finding is not Finding.NOTHING_WRONG:
            raise explain.describe(self.endpoint, seen, seconds)
        return seen

    async def _trust(self, seen: Probed) -> None:
        """Pin the certificate of a server that is connected, unless one is pinned by now."""
        if self._pin is not None:
            return
        pin = Pin.of(self.endpoint.address, seen.certificate)
        self._pin = await in_thread(lambda _: self._pins.learn(pin))
        if self._pin.fingerprint != pin.fingerprint:
            changed = Probed(Finding.CHANGED, "", seen.certificate, "", self._pin.fingerprint)
            raise explain.describe(self.endpoint, changed)
        self._pinned_now = self._pin is pin

    async def _becomes_ready(self, opened: grpc.aio.Channel) -> bool:
        until = time.monotonic() + self._connect_timeout_seconds
        while True:
            state = opened.get_state(try_to_connect=True)
            if state is grpc.ChannelConnectivity.READY:
                return True
            if state is grpc.ChannelConnectivity.TRANSIENT_FAILURE or time.monotonic() > until:
                return False
            await asyncio.sleep(_POLL_SECONDS)  # wait_for_state_change leaves a watcher behind

    async def _unreachable(self) -> DrawbridgeError:
        waited_seconds = self._connect_timeout_seconds
        return await explain.unreachable(self.endpoint, waited_seconds, self._pin)

    async def _ask(self, method: str, request: object, timeout_seconds: float) -> Any:
        stub = await self._stub()
        call = getattr(stub, method)(request, timeout=timeout_seconds)
        try:
            return await settle(call, call)
        except (grpc.aio.AioRpcError, CallCancelled, Unreadable) as error:
            raise self._explain(error, call, None, timeout_seconds) from self._cause(error)

    def _explain(
        self, error: Exception, call: Any, reader: Reader | None, waited_seconds: float = 0
    ) -> DrawbridgeError:
        if isinstance(error, Unreadable):
            return explain.unreadable(self.endpoint)
        if self._channel is None:
            return explain.closed_here(self.endpoint)
        code, details = _status(error)
        if reader is None and code is grpc.StatusCode.DEADLINE_EXCEEDED:
            if self._channel.get_state() is grpc.ChannelConnectivity.READY:
                return explain.busy(self.endpoint, waited_seconds)
            code, details = grpc.StatusCode.UNAVAILABLE, None
        return explain.from_status(
            self.endpoint,
            code,
            details,
            generating=reader is not None,
            started=reader is not None and reader.messages > 0,
            secret_confirmed=self._secret_confirmed,
        )

    def _cause(self, error: Exception) -> Exception | None:
        """Return what may be shown as the cause: a server could repeat the secret in its words."""
        secret = self.endpoint.secret
        return None if secret is not None and secret.reveal() in repr(error) else error


def _status(error: Exception) -> tuple[grpc.StatusCode, str | None]:
    if isinstance(error, grpc.aio.AioRpcError):
        return error.code(), error.details()
    return grpc.StatusCode.CANCELLED, None


def _server_info(reply: image_service_pb2.EchoReply, message: str) -> ServerInfo:
    catalog = None
    if reply.HasField("override"):
        told = reply.override
        catalog = Catalog.from_json(
            told.models, told.loras, told.controlNets, told.textualInversions, told.upscalers
        )
    return ServerInfo(
        message,
        reply.serverIdentifier,
        tuple(filter(safe_text.is_file_name, dict.fromkeys(reply.files))),
        catalog,
        _thresholds(reply.thresholds) if reply.HasField("thresholds") else None,
    )


def _thresholds(told: image_service_pb2.ComputeUnitThreshold) -> Thresholds:
    return Thresholds(told.community, told.plus, told.expireAt)
