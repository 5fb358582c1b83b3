"""How a connection comes about: address, pin, channel; and why it does not."""

from __future__ import annotations

import asyncio
import time

import grpc
import grpc.aio

from ...errors import DrawbridgeError, RequestRejected
from ..server_fields import Transport
from ..store.identity import check_identity
from ..store.pins import Pin, Pins
from ..threads import in_thread
from . import channel
from .diagnosis import describe
from .endpoint import Endpoint
from .finding import Finding, Probed
from .probe import PROBE_SECONDS, look

_FIRST_POLL_SECONDS, _POLL_SECONDS = 0.0005, 0.005
_NEARLY = 0.9  # of a time-out: clocks differ
_DOUBT_SECONDS = 1.0
_CERTAIN = frozenset({Finding.NO_TLS, Finding.WANTS_TLS, Finding.HTTP})


class Dialer:
    """Opens channels to one server, each within `timeout_seconds`.

    `pin` is what the last one rests on, None before it and but for Transport.PINNED; `pinned_now`
    says that it was the first to see the certificate, and has trusted it.
    """

    def __init__(self, endpoint: Endpoint, pins: Pins, timeout_seconds: float) -> None:
        self.pin: Pin | None = None
        self.pinned_now = False
        self._endpoint = endpoint
        self._pins = pins
        self._timeout_seconds = timeout_seconds

    async def open(self) -> grpc.aio.Channel:
        """Return a channel that is connected; raises what hinders it within a bounded time."""
        began = time.monotonic()
        identity = self._endpoint.identity
        if identity is not None and self._endpoint.transport is not Transport.PLAINTEXT:
            await in_thread(lambda: check_identity(identity))  # gRPC has no words for it
        try:
            where = await asyncio.wait_for(channel.target(self._endpoint), self._timeout_seconds)
        except (OSError, asyncio.TimeoutError) as error:
            raise await self.unreachable(time.monotonic() - began) from error
        pinned = await self._compare() if self._endpoint.transport is Transport.PINNED else None
        opened = channel.open_channel(self._endpoint, where, pinned)
        try:
            if await self._becomes_ready(opened):
                if pinned is not None:
                    await self._trust(pinned)
                return opened
        except BaseException:
            await opened.close()
            del opened
            raise
        await opened.close()
        del opened  # an error's traceback would keep it, and with it a thread of gRPC's
        raise await self.unreachable(time.monotonic() - began)

    async def unreachable(self, waited_seconds: float) -> DrawbridgeError:
        """Look at the address, and return the error that says why no connection came about.

        Only a wait up to its end is worth a word.
        """
        limit_seconds = self._timeout_seconds
        told_seconds = limit_seconds if waited_seconds >= _NEARLY * limit_seconds else 0
        try:
            seen = await look(self._endpoint, PROBE_SECONDS, self.pin)
        except RequestRejected as error:
            return error
        return describe(self._endpoint, seen, told_seconds)

    async def _compare(self) -> Probed:
        """Return what the server shows, if it is what is pinned or nothing is; raises otherwise.

        Every time, although gRPC then trusts nothing else: gRPC would also take a certificate that
        was signed with the key of the pinned one.
        """
        self.pin = await in_thread(lambda: self._pins.get(self._endpoint.address))
        seconds = self._timeout_seconds
        # What else the server may want, gRPC finds out, and the probe after it.
        seen = await look(self._endpoint, seconds, self.pin, stay=False)
        if seen.finding is not Finding.NOTHING_WRONG:
            raise describe(self._endpoint, seen, seconds)
        return seen

    async def _trust(self, seen: Probed) -> None:
        """Pin the certificate of a server that is connected, unless one is pinned by now."""
        if self.pin is not None:
            return
        pin = Pin.of(self._endpoint.address, seen.certificate)
        self.pin = await in_thread(lambda: self._pins.learn(pin))
        if self.pin.fingerprint != pin.fingerprint:
            changed = Probed(Finding.CHANGED, "", seen.certificate, "", self.pin.fingerprint)
            raise describe(self._endpoint, changed)
        self.pinned_now = self.pin is pin

    async def _becomes_ready(self, opened: grpc.aio.Channel) -> bool:
        """Wait for the connection. Raises what a look meanwhile is certain of: to a server that
        waits for other bytes gRPC says nothing until the time is over.
        """
        began = time.monotonic()
        pause = _FIRST_POLL_SECONDS
        looking: asyncio.Future[Probed] | None = None
        try:
            while True:
                state = opened.get_state(try_to_connect=True)
                if state is grpc.ChannelConnectivity.READY:
                    return True
                waited_seconds = time.monotonic() - began
                if (
                    state is grpc.ChannelConnectivity.TRANSIENT_FAILURE
                    or waited_seconds > self._timeout_seconds
                ):
                    return False
                if looking is None and waited_seconds > _DOUBT_SECONDS:
                    looking = asyncio.ensure_future(look(self._endpoint, PROBE_SECONDS, self.pin))
                if looking is not None and looking.done():
                    seen = looking.result()
                    if seen.finding in _CERTAIN:
                        raise describe(self._endpoint, seen)
                await asyncio.sleep(pause)  # wait_for_state_change leaves a watcher behind
                pause = min(2 * pause, _POLL_SECONDS)
        finally:
            if looking is not None:
                looking.cancel()
                await asyncio.wait({looking})
