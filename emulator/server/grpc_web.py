"""Answers HTTP/1.1 on the port of a gRPC server, as a real server's library does.

It takes all that is not HTTP/2 for gRPC-Web (docs/protocol.md 1.10): a POST of such a message gets
its answer, in binary; everything else 415 or silence. Bodies have to state their length.
"""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Iterator

import grpc

_HEAD_BYTES = 1 << 16
_REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01]\r\n")
_PREFIX = struct.Struct(">BI")  # of a message: 0, of the trailers: 128; and the length in bytes
_TRAILERS = 128
_UNSUPPORTED = b"HTTP/1.1 415 Unsupported Media Type\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
_OK = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/grpc-web+proto\r\n"
    b"transfer-encoding: chunked\r\n\r\n"
)


class Gateway:
    """Answers requests in HTTP/1.1 with what the gRPC server of `address` says."""

    def __init__(self, address: str) -> None:
        unlimited = [(f"grpc.max_{way}_message_length", -1) for way in ("send", "receive")]
        self._channel = grpc.insecure_channel(address, options=unlimited)

    def close(self) -> None:
        """End its calls."""
        self._channel.close()

    async def answer(
        self, start: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request after the other; `start` are bytes of the first, read already.

        Raises EOFError where the client leaves, OSError where the connection breaks.
        """
        while True:
            head = await _read_head(start, reader)
            line = _REQUEST_LINE.match(head)
            if line is None:
                while await reader.read(_HEAD_BYTES):
                    pass  # rubbish gets no answer
                return
            fields = _fields(head)
            length = fields.get(b"content-length", b"0")
            body = await reader.readexactly(int(length)) if length.isdigit() else b""
            closes = fields.get(b"connection", b"").lower() == b"close"
            kind = fields.get(b"content-type", b"").partition(b";")[0]
            if line[1] == b"POST" and kind in (
                b"application/grpc-web",
                b"application/grpc-web+proto",
            ):
                await self._call(line[2].decode("latin-1"), body, writer)
            elif not closes:
                writer.write(_UNSUPPORTED)
                await writer.drain()
            if closes:
                return
            start = b""

    async def _call(self, path: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        call = self._channel.stream_stream(path)(iter(list(_messages(body))))
        writer.write(_OK)
        try:
            while (message := await loop.run_in_executor(None, next, call, None)) is not None:
                _write_chunk(writer, _PREFIX.pack(0, len(message)) + message)
                await writer.drain()
        except grpc.RpcError:
            pass  # the trailers say so
        finally:
            call.cancel()
        told = f"grpc-status: {call.code().value[0]}\r\n"
        if call.details():
            told += f"grpc-message: {call.details()}\r\n"
        trailers = told.encode()
        _write_chunk(writer, _PREFIX.pack(_TRAILERS, len(trailers)) + trailers)
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _read_head(start: bytes, reader: asyncio.StreamReader) -> bytes:
    """Return a request's line and header; of what begins like none, only the beginning."""
    head = start
    while not head.endswith(b"\r\n\r\n"):
        if not re.match(rb"[A-Z]*( |$)", head) or len(head) > _HEAD_BYTES:
            return b""
        byte = await reader.read(1)
        if not byte:
            raise EOFError
        head += byte
    return head


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _messages(body: bytes) -> Iterator[bytes]:
    at = 0
    while at + _PREFIX.size <= len(body):
        flag, length = _PREFIX.unpack_from(body, at)
        at += _PREFIX.size
        if flag == 0:
            yield body[at : at + length]
        at += length


def _write_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%s\r\n" % (len(data), data))
