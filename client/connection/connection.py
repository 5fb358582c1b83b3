"""A connection to one server: made when it is needed, checked, and the one way to make a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import grpc
import grpc.aio

from ...errors import (
    DrawbridgeError,
    SecretRejected,
    ServerBusy,
    ServerUnreachable,
)
from ..store.pins import Pin, Pins
from . import call_error, greeting, limits
from .call import CallCancelled, Excess, Unreadable, settle
from .dialer import Dialer
from .endpoint import Endpoint
from .fields import Encoded, piece
from .greeting import Greeting

_POLL_SECONDS = 0.005
_NEARLY = 0.9  # of a time-out: clocks differ

Explain = Callable[[grpc.StatusCode, str | None], Exception]


class Connection:
    """A channel to one server, for one event loop, made at the first call.

    With a shared secret every message that has a place for it is signed. No method raises
    asyncio.CancelledError, unless the calling task itself is cancelled.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        name: str,
        pins: Pins,
        connect_timeout_seconds: float = 10,
        secret_timeout_seconds: float = 10,
    ) -> None:
        """`name` is what the server is told of this side; `pins` are those of Transport.PINNED;
        `secret_timeout_seconds` bounds the Echo before other calls.
        """
        self.endpoint = endpoint
        self.name = name
        self.pins = pins
        self._dialer = Dialer(endpoint, pins, connect_timeout_seconds)
        self._connect_timeout_seconds = connect_timeout_seconds
        self._secret_timeout_seconds = secret_timeout_seconds
        self._channel: grpc.aio.Channel | None = None
        self._opening: asyncio.Task[None] | None = None
        self._greeted = False
        self._secret_confirmed = False

    async def close(self) -> None:
        """Close the channel; calls that still run fail, and another one opens a new channel."""
        if self._opening is not None:
            opening, self._opening = self._opening, None
            while not opening.done():  # Python's wait_for loses a cancellation before 3.12
                opening.cancel()
                await asyncio.wait({opening}, timeout=_POLL_SECONDS)
            if not opening.cancelled():
                opening.exception()  # marks it as seen
        if self._channel is not None:
            opened, self._channel = self._channel, None
            await opened.close()

    def begin(self) -> None:
        """Begin to connect for a call that is going to come; it is told what hinders that."""
        if self._channel is None and self._opening is None:
            self._opening = asyncio.ensure_future(self._open())

    @property
    def pin(self) -> Pin | None:
        """Return the pin that the connection rests on; None before it, and for other transports."""
        return self._dialer.pin

    @property
    def pinned_now(self) -> bool:
        """Return whether this connection was the first to see the certificate, and trusted it."""
        return self._dialer.pinned_now

    @property
    def secret_confirmed(self) -> bool:
        """Return whether an Echo has accepted the secret, or that there is none."""
        return self._secret_confirmed

    async def greet(self, timeout_seconds: float) -> Greeting:
        """Return the answer to Echo, which has accepted the secret.

        Raises SecretRejected; what `ask` raises, ProtocolMismatch beyond the limits of `limits`.
        """
        request = greeting.request(self.name)
        reply: Greeting = await self.ask(greeting.METHOD, request, timeout_seconds)
        if reply.secret_missing:
            raise call_error.secret_rejected(self.endpoint)
        self._greeted = self._secret_confirmed = True
        return reply

    async def confirm_secret(self) -> None:
        """Greet once before work: only Echo tells a wrong secret from other trouble.

        See docs/protocol.md 1.2.
        """
        if self._greeted:
            return
        try:
            await self.greet(self._secret_timeout_seconds)
        except ServerBusy:  # --echo-on-queue: the answer is on its way, the work can queue up too
            self._greeted = True

    def skip_greeting(self) -> None:
        """Do without an Echo before work: this server has lately accepted the secret.

        Should that have changed, `blame_secret` finds out.
        """
        self._greeted = True

    async def blame_secret(self) -> None:
        """Raise SecretRejected where that may be what an error of the server's own means."""
        try:
            await self.greet(self._secret_timeout_seconds)
        except SecretRejected:
            raise
        except DrawbridgeError:
            pass  # the error itself says more

    async def ask(self, method: str, request: object, timeout_seconds: float) -> Any:
        """Return the answer to a short question. Raises DrawbridgeError."""
        began = time.monotonic()

        def words(code: grpc.StatusCode, details: str | None) -> DrawbridgeError:
            waited = time.monotonic() - began >= _NEARLY * timeout_seconds
            if code is grpc.StatusCode.DEADLINE_EXCEEDED and waited:  # else the server's own word
                if self._is_ready():
                    return call_error.busy(self.endpoint, timeout_seconds)
                code, details = grpc.StatusCode.UNAVAILABLE, None
            return call_error.from_status(
                *(self.endpoint, code, details),
                generating=False,
                secret_confirmed=self._secret_confirmed,
            )

        call = await self.call(method, request, timeout_seconds=timeout_seconds)
        try:
            with self.explained(words):
                return await settle(call, call)
        finally:
            del call  # an error's traceback would keep it, and with it the connection

    async def call(
        self, method: str, *request: object, timeout_seconds: float | None = None
    ) -> Any:
        """Begin a call, with its request unless that is a stream, and return gRPC's object of it.

        It is connected first. Raises DrawbridgeError where that does not come about.
        """
        begin = _method(await self._opened(), method, self.serialize)
        return begin(*request, timeout=timeout_seconds)

    def explained(self, words: Explain) -> AbstractContextManager[None]:
        """Let whatever a call ends with leave the block as an error of ours.

        `words` returns the error for the status that the server, or gRPC on its behalf, has given.
        """
        return _Explained(self, words)

    def told(self, error: BaseException | None, words: Explain) -> Exception | None:
        """Return the error of ours for what a call has ended with, None for anything else."""
        if isinstance(error, Excess):
            return call_error.excessive(self.endpoint, str(error))
        if isinstance(error, Unreadable):
            return call_error.unreadable(self.endpoint)
        if isinstance(error, grpc.aio.AioRpcError | CallCancelled):
            closed = self._channel is None
            return call_error.closed_here(self.endpoint) if closed else words(*_status(error))
        return None

    def cause(self, error: BaseException) -> BaseException | None:
        """Return what may be shown as the cause: a server could repeat the secret in its words.

        It is without its traceback, which holds gRPC's own frames, and they the call, its
        connection and a thread, for as long as anybody keeps the error.
        """
        secret = self.endpoint.secret
        if secret is not None and secret.reveal() in repr(error):
            return None
        return error.with_traceback(None)

    def serialize(self, message: Any) -> bytes:
        """Sign a request for just as long as it takes to turn it into bytes: whoever logs it, or
        shows a traceback with local variables, shall not show the secret.

        One that is Encoded gets its signature behind it.
        """
        secret = self.endpoint.secret
        if isinstance(message, Encoded):
            if secret is None:
                return message.data
            return message.data + piece(message.secret, secret.reveal().encode())
        if secret is None or "sharedSecret" not in message.DESCRIPTOR.fields_by_name:
            return message.SerializeToString()
        message.sharedSecret = secret.reveal()
        try:
            return message.SerializeToString()
        finally:
            message.ClearField("sharedSecret")

    async def recover(self) -> None:
        """Wait for an answer of a server whose connection broke. Raises what hinders it.

        gRPC may take the broken connection for a good one still, so that only an answer tells.
        """
        until = time.monotonic() + self._connect_timeout_seconds
        while (opened := self._channel) is not None and (left := until - time.monotonic()) > 0:
            if opened.get_state(try_to_connect=True) is grpc.ChannelConnectivity.READY:
                try:
                    await self.greet(left)
                    return
                except ServerBusy:  # it takes calls, and hashes a file or generates
                    return
                except ServerUnreachable:
                    pass
            await asyncio.sleep(_POLL_SECONDS)
        if opened is None:
            raise call_error.closed_here(self.endpoint)
        raise await self._dialer.unreachable(self._connect_timeout_seconds)

    async def _open(self) -> None:
        self._channel = await self._dialer.open()

    async def _opened(self) -> grpc.aio.Channel:
        """Return the channel once it is connected; raises what hinders it, once each."""
        self.begin()
        opening = self._opening
        try:
            if opening is not None:
                await asyncio.wait({opening})  # which `close` alone cancels
                if self._opening is opening:
                    self._opening = None
                if not opening.cancelled():
                    opening.result()
            if self._channel is None:
                raise call_error.closed_here(self.endpoint)
            return self._channel
        finally:
            del opening  # an error's traceback would keep it, and with it itself

    def _is_ready(self) -> bool:
        opened = self._channel
        return opened is not None and opened.get_state() is grpc.ChannelConnectivity.READY


class _Explained(AbstractContextManager[None]):
    """What `Connection.explained` returns. Made by hand: contextlib's own keeps the traceback."""

    def __init__(self, connection: Connection, words: Explain) -> None:
        self._connection = connection
        self._words = words

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del trace
        told = self._connection.told(error, self._words)
        if told is None or error is None:
            return
        try:
            raise told from self._connection.cause(error)
        finally:
            del told, error  # no circle


def _method(opened: grpc.aio.Channel, name: str, serialize: Callable[[Any], bytes]) -> Any:
    """Return what begins a call of that name; Echo alone does without protobuf."""
    if name == greeting.METHOD:
        return opened.unary_unary(greeting.PATH, serialize, limits.bounded(greeting.read))
    from ...proto.service import ImageGenerationStub
    from .answer import reader

    return getattr(ImageGenerationStub(opened, serialize, reader), name)


def _status(error: Exception) -> tuple[grpc.StatusCode, str | None]:
    if isinstance(error, grpc.aio.AioRpcError):
        return error.code(), error.details()
    return grpc.StatusCode.CANCELLED, None
