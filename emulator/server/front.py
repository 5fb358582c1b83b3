"""The port of an emulated server, in front of its gRPC library, which would speak first.

A real server says nothing before the client does, and tells HTTP/2 from HTTP/1.1 by the first bytes
(docs/protocol.md 1.10). So this listens, reads them, and passes HTTP/2 on to the gRPC server, which
listens on this computer alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import math
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence

from .fault_rules import CONNECT, Action
from .grpc_web import Gateway

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_BLOCK_BYTES = 1 << 16
_LAST_WORDS_SECONDS = 0.05  # what has been said already still goes out when a process dies
_PATIENCE_SECONDS = 2.0
_GRPC_HOST = "127.0.0.1"


class Front:
    """A listening port whose connections end at the gRPC server of `target`, a port of this
    computer.

    Works in a thread of its own, so it may be used beside any event loop, and from any thread.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        faults: Callable[[str], Sequence[Action]] = lambda call: (),
    ) -> None:
        """`faults` returns what goes wrong with the next connection; it is asked for CONNECT."""
        self._tls = tls
        self._faults = faults
        self._target = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sockets: list[socket.socket] = []
        self._addresses: list[tuple[int, str]] = []
        self._clients: dict[int, asyncio.StreamWriter] = {}  # by the port that the target sees
        self._open: set[asyncio.Task[None]] = set()
        self._gateway: Gateway | None = None

    def bind(self, host: str, port: int) -> int:
        """Take the port, 0 for any free one, and return it. Raises OSError where it is taken."""
        for family, address in _addresses(host):
            try:
                self._sockets.append(_listen(family, address, port or self._port()))
                self._addresses.append((family, address))
            except OSError:
                if not self._sockets:  # a name's second address is welcome, not needed
                    raise
        return self._port()

    def _port(self) -> int:
        return self._sockets[0].getsockname()[1] if self._sockets else 0

    def start(self, target: int) -> None:
        """Begin to take connections to the gRPC server of that port."""
        self._target = target
        self._gateway = Gateway(f"{_GRPC_HOST}:{target}")
        self._loop = asyncio.SelectorEventLoop()  # Windows' own cannot watch a socket
        self._thread = threading.Thread(
            target=_run, args=(self._loop,), name="emulator-front", daemon=True
        )
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()

    def stop(self) -> None:
        """Close every connection and the port; harmless before the start, and when done twice."""
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = None
        for listening in self._sockets:
            listening.close()
        self._sockets.clear()
        if self._gateway is not None:
            self._gateway.close()
            self._gateway = None

    def drop(self, peer: str) -> None:
        """Close the connection of a call's peer, as the death of a server's process does.

        `peer` is how the gRPC server names it. What it was told already arrives.
        """
        time.sleep(_LAST_WORDS_SECONDS)
        loop, closed = self._loop, threading.Event()
        with contextlib.suppress(RuntimeError):  # where it is stopped meanwhile
            if loop is not None:
                loop.call_soon_threadsafe(self._hang_up, int(peer.rpartition(":")[2]), closed)
                closed.wait(_PATIENCE_SECONDS)

    def restart(self, seconds: float = 0) -> None:
        """Close every connection and the port, as a process that ends, and open it again after so
        long. Returns when it listens again.
        """
        if self._loop is not None:
            asyncio.run_coroutine_threadsafe(self._restart(seconds), self._loop).result()

    async def _restart(self, seconds: float) -> None:
        port = self._port()
        await self._end()
        await asyncio.sleep(seconds)
        self._sockets[:] = [_listen(family, address, port) for family, address in self._addresses]
        await self._begin()

    @property
    def connections(self) -> int:
        """Return how many clients are connected."""
        return len(self._open)

    def _hang_up(self, port: int, closed: threading.Event) -> None:
        client = self._clients.get(port)
        if client is not None:
            client.close()
        closed.set()

    async def _begin(self) -> None:
        for listening in self._sockets:
            asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    async def _end(self) -> None:
        for listening in self._sockets:
            asyncio.get_running_loop().remove_reader(listening)
            listening.close()
        self._sockets.clear()
        while self._open:
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.sleep(0)  # lets what they have closed be closed

    def _accept(self, listening: socket.socket) -> None:
        # Not by asyncio's own server: closed in the moment of a connection, it forgets that one,
        # and the client waits.
        try:
            client, _ = listening.accept()
        except OSError:  # it has gone again
            return
        client.setblocking(False)
        task = asyncio.ensure_future(self._serve(client))
        self._open.add(task)

        def over(_: object) -> None:
            self._open.discard(task)
            client.close()  # of a task that never began

        task.add_done_callback(over)

    async def _serve(self, client: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        with contextlib.suppress(OSError, EOFError):  # one of the two is gone
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, client, ssl=self._tls
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            try:
                await self._talk(reader, writer)
                writer.close()
                await writer.wait_closed()
            finally:
                transport.abort()  # where the server stops, whatever is still to be written

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert self._gateway is not None
        actions = self._faults(CONNECT)
        for action in actions:
            if action.verb == "refuse":
                return
            if action.verb == "say":
                writer.write(action.words[0].encode())
                await writer.drain()
                return
        protocol = None
        if self._tls is not None:
            protocol = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            if protocol is None:
                return
        if protocol == "h2":
            await self._pass_on(b"", reader, writer, actions)
            return
        start = await _read_start(reader)
        if start != PREFACE:
            await self._gateway.answer(start, reader, writer)
        elif protocol is None:
            await self._pass_on(start, reader, writer, actions)
        else:
            writer.write(
                b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            )
            await writer.drain()

    async def _pass_on(
        self,
        start: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        actions: Sequence[Action],
    ) -> None:
        """Carry bytes in both directions until one side closes."""
        answers, questions = await asyncio.open_connection(_GRPC_HOST, self._target)
        port = questions.get_extra_info("sockname")[1]
        self._clients[port] = writer
        try:
            questions.write(start)
            ways = [
                asyncio.ensure_future(_copy(reader, questions)),
                asyncio.ensure_future(_copy(answers, writer, actions)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            del self._clients[port]
            questions.transport.abort()  # of a client that is gone nothing more is asked


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return [(family, str(address[0])) for family, *_, address in found]
    return [(socket.AF_INET6 if version == 6 else socket.AF_INET, host)]


def _listen(family: int, host: str, port: int) -> socket.socket:
    everywhere = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
    listening = socket.create_server(
        (host, port), family=family, dualstack_ipv6=everywhere, backlog=128
    )
    listening.setblocking(False)
    return listening


async def _read_start(reader: asyncio.StreamReader) -> bytes:
    """Return HTTP/2's preface, or the first bytes that show that it is not coming."""
    start = b""
    while len(start) < len(PREFACE) and PREFACE.startswith(start):
        block = await reader.read(len(PREFACE) - len(start))
        if not block:
            raise EOFError
        start += block
    return start


async def _copy(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, actions: Sequence[Action] = ()
) -> None:
    """Carry bytes until one side closes, or as far as the rules let them."""
    carried = 0
    ends = {action.verb: action.after or 0 for action in actions if action.verb != "drip"}
    limit = min(ends.values(), default=None)
    drips = [action.words for action in actions if action.verb == "drip"]
    drip = drips[-1][0] if drips else _BLOCK_BYTES
    dripping = drips[-1][1] if drips and len(drips[-1]) > 1 else math.inf
    with contextlib.suppress(OSError):
        while limit is None or carried < limit:
            most = drip if carried < dripping else _BLOCK_BYTES
            block = await source.read(most if limit is None else min(most, limit - carried))
            if not block:
                return
            target.write(block)
            await target.drain()
            carried += len(block)
            if most < _BLOCK_BYTES:
                await asyncio.sleep(0)
        if "stall" in ends:
            await asyncio.Event().wait()  # until the other way is closed
