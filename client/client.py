"""A Draw Things server as an object: one method for each thing that can be asked of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, overload

from ..codec.limits import DEFAULT_LIMIT_BYTES
from ..errors import ModelUnavailable
from . import safe_text
from .catalog.memory import CatalogMemory
from .catalog.records import Catalog, RemoteFile, ServerInfo, Thresholds
from .catalog.remote_files import files_exist
from .connection.connection import Connection
from .connection.endpoint import Endpoint
from .connection.greeting import Greeting
from .store.pins import Pin, Pins
from .threads import in_thread

# A program that only asks starts without what generates and what uploads, without the official
# files and without protobuf.
if TYPE_CHECKING:
    from .generation.assemble import Prepared, Wishes
    from .generation.events import Event, Picture
    from .generation.images import Placed
    from .generation.request import GenerationRequest
    from .upload.local_file import HashCache
    from .upload.transfer import UploadEvent


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
        memory: CatalogMemory | None = None,
    ) -> None:
        """`limit_bytes` bounds one decoded picture; `secret_timeout_seconds` the Echo before other
        calls; `retry_pause_seconds` lets a server clear away what an upload has left at a cut;
        `pins` are those of Transport.PINNED; without any, this client trusts the certificate that
        it sees first, for as long as it lives. With a `memory`, `catalog` does not ask for what it
        recalls.
        """
        self._limit_bytes = limit_bytes
        self._retry_pause_seconds = retry_pause_seconds
        self._memory = memory
        self._recalled: Catalog | None = None
        self._connection = Connection(
            endpoint,
            name=name,
            pins=Pins(None) if pins is None else pins,
            connect_timeout_seconds=connect_timeout_seconds,
            secret_timeout_seconds=secret_timeout_seconds,
        )

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
        await self._connection.close()

    def begin(self) -> None:
        """Begin to connect, for a call that comes once its request is prepared; it raises what
        hinders that. Calls do without this.
        """
        self._connection.begin()

    @property
    def endpoint(self) -> Endpoint:
        """Return the server that this client speaks to, with what it needs for that."""
        return self._connection.endpoint

    @property
    def pin(self) -> Pin | None:
        """Return the pin that this connection rests on; None before it and for other transports."""
        return self._connection.pin

    @property
    def pinned_now(self) -> bool:
        """Return whether this client was the first to see the certificate, and trusted it."""
        return self._connection.pinned_now

    @property
    def pins(self) -> Pins:
        """Return the pins of Transport.PINNED."""
        return self._connection.pins

    async def echo(self, timeout_seconds: float = 30) -> ServerInfo:
        """Greet the server and return what it says about itself.

        Raises SecretRejected; ProtocolMismatch beyond the limits of a short answer; ServerBusy
        where a connected server does not answer in time, as one started with --echo-on-queue does
        not while it generates.
        """
        reply = await self._connection.greet(timeout_seconds)
        secret = self.endpoint.secret
        message = reply.message.replace(secret.reveal(), "***") if secret else reply.message
        return await in_thread(lambda: _server_info(reply, safe_text.one_line(message)))

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
        return await files_exist(self._connection, files, with_hashes, timeout_seconds)

    async def catalog(self, info: ServerInfo | None = None, timeout_seconds: float = 30) -> Catalog:
        """Return what the server has: the files that it tells of, and official ones besides.

        Where its model browser is off it tells of none, and is asked for each official file: the
        catalogue is then not `complete`, and there may be other files. `info` is what `echo` has
        returned; without it the server is greeted, within `timeout_seconds`. Raises what `echo` and
        `files_exist` raise.
        """
        if info is None and self._memory is not None:
            self._recalled = await self._memory.recall()
            if self._recalled is not None:
                self._connection.skip_greeting()
                return self._recalled
            info = await self.echo(timeout_seconds)
            found = await self._found(info)
            await self._memory.keep(info, found)
            return found
        return await self._found(info or await self.echo(timeout_seconds))

    async def _found(self, info: ServerInfo) -> Catalog:
        from .catalog import official

        if info.catalog is not None:
            told, there = info.catalog, list(info.files)
        else:
            told = Catalog(complete=False)
            asked = await self.files_exist(await in_thread(lambda: official.files()))
            there = [file.name for file in asked if file.exists]
        return await in_thread(lambda: official.beside(told, there))

    async def prepare(
        self,
        wishes: Wishes,
        catalog: Catalog | None = None,
        timeout_seconds: float = 30,
        *,
        demand_all: bool = False,
    ) -> Prepared:
        """Return the requests that say what is wanted; `catalog` is what the method has returned.
        LoRAs, controls, a refiner and an upscaler that the server does not have are left out with a
        note, unless `demand_all`.

        Raises what `catalog` raises; ModelUnavailable for any other file that the server does not
        have, and for a model of which nobody knows the version; RequestRejected for what a server
        would crash on or ignore, and for a setting that does not exist.
        """
        from .generation.assemble import prepare

        if catalog is None:
            catalog = await self.catalog(timeout_seconds=timeout_seconds)
        recalled = self._memory if catalog is self._recalled else None
        try:
            demand = demand_all or recalled is not None
            return await prepare(self, wishes, catalog, demand_all=demand)
        except ModelUnavailable:
            if recalled is None:
                raise
        info = await self.echo(timeout_seconds)  # it may have got the file since
        catalog = await self._found(info)
        await recalled.keep(info, catalog)
        return await prepare(self, wishes, catalog, demand_all=demand_all)

    async def hours(self, timeout_seconds: float = 30) -> Thresholds | None:
        """Return the account's compute units; None from a server of one's own."""
        from ..proto.image_service_pb2 import HoursRequest

        reply = await self._connection.ask("Hours", HoursRequest(), timeout_seconds)
        if not reply.HasField("thresholds"):
            return None
        told = reply.thresholds
        return Thresholds(told.community, told.plus, told.expireAt)

    async def pubkey(self, timeout_seconds: float = 30) -> str:
        """Return the public key of a cloud proxy; empty from a server of one's own."""
        from ..proto.image_service_pb2 import PubkeyRequest

        request = PubkeyRequest(name=self._connection.name)
        return (await self._connection.ask("Pubkey", request, timeout_seconds)).pubkey

    @overload
    def generate(self, request: GenerationRequest) -> AsyncGenerator[Event, None]: ...

    @overload
    def generate(
        self, request: GenerationRequest, receive: Callable[[Picture], Picture | Placed]
    ) -> AsyncGenerator[Event | Placed, None]: ...

    async def generate(
        self,
        request: GenerationRequest,
        receive: Callable[[Picture], Picture | Placed] | None = None,
    ) -> AsyncGenerator[Event | Placed, None]:
        """Generate, and yield what happens: see `events`. There is no deadline: the server may have
        a queue.

        `receive` is called with each picture, in a thread in which it is unpacked, several at once;
        what it returns is yielded in the picture's place. Where it raises GenerationFailed or
        BadTensor, the others come none the less, and the error is raised at the end.

        Ends the call on the server within moments when the generator is closed or its task
        cancelled. Raises RequestRejected before anything is sent, and GenerationFailed where fewer
        pictures come than asked for.
        """
        from .generation.stream import generate

        happening = generate(self._connection, request, self._limit_bytes, receive)
        async with contextlib.aclosing(happening) as events:
            async for event in events:
                yield event

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
        from .upload.local_file import HashCache, check_name
        from .upload.transfer import upload

        steps = upload(
            *(self._connection, path, check_name(name or path.name)),
            compare_hash=compare_hash,
            hashes=hashes or HashCache(),
            retry_pause_seconds=self._retry_pause_seconds,
        )
        async with contextlib.aclosing(steps) as events:
            async for event in events:
                yield event


def _server_info(greeting: Greeting, message: str) -> ServerInfo:
    return ServerInfo(
        message,
        greeting.server_identifier,
        tuple(filter(safe_text.is_file_name, dict.fromkeys(greeting.files))),
        None if greeting.lists is None else Catalog.from_json(*greeting.lists),
        greeting.thresholds and Thresholds(*greeting.thresholds),
    )
