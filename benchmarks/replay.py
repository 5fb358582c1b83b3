"""A server that only replays bytes, in a process of its own: `Replay` starts and asks it.

It says to every call what it was given for it, parses nothing that costs time, and paints nothing,
so what is measured against it is the client and the wire. What GenerateImage answers is chosen
among several answers by a call of its own, `Choose`, which Draw Things does not have.
"""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import grpc
import grpc.aio

SERVICE = "ImageGenerationService"
_CHOOSE = f"/{SERVICE}/Choose"
_COUNT = f"/{SERVICE}/Count"
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Replay:
    """A replaying server on a free port of this computer, for the length of a `with` block."""

    def __init__(self, short: Mapping[str, bytes], answers: Mapping[str, Sequence[bytes]]) -> None:
        """`short` is what a short call answers, by its name; `answers` what GenerateImage can."""
        self._given = pickle.dumps((dict(short), {name: list(a) for name, a in answers.items()}))
        self.port = 0

    def __enter__(self) -> Replay:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(len(self._given).to_bytes(8, "little") + self._given)
        self._process.stdin.flush()
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def choose(self, answer: str) -> None:
        """Have GenerateImage give that answer from now on."""
        self._ask(_CHOOSE, answer.encode())

    def counts(self) -> dict[str, int]:
        """Return how many calls of each name came since this was last asked."""
        return pickle.loads(self._ask(_COUNT, b""))

    def _ask(self, method: str, words: bytes) -> bytes:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            return channel.unary_unary(method)(words)


class _Service(grpc.GenericRpcHandler):
    def __init__(self, short: dict[str, bytes], answers: dict[str, list[bytes]]) -> None:
        self._short = short
        self._answers = answers
        self._answer = next(iter(answers.values()), [])
        self._counts: dict[str, int] = {}

    def service(self, handler_call_details: Any) -> Any:
        method = handler_call_details.method
        name = method.rsplit("/", 1)[1]
        if method == _CHOOSE:
            return grpc.unary_unary_rpc_method_handler(self._choose)
        if method == _COUNT:
            return grpc.unary_unary_rpc_method_handler(self._count)
        self._counts[name] = self._counts.get(name, 0) + 1
        if name == "GenerateImage":
            return grpc.unary_stream_rpc_method_handler(self._generate)
        if name == "UploadFile":
            return grpc.stream_stream_rpc_method_handler(_upload)
        if name in self._short:
            return grpc.unary_unary_rpc_method_handler(self._replayed(self._short[name]))
        return None

    @staticmethod
    def _replayed(answer: bytes) -> Any:
        async def reply(request: bytes, context: Any) -> bytes:
            return answer

        return reply

    async def _choose(self, request: bytes, context: Any) -> bytes:
        self._answer = self._answers[request.decode()]
        return b""

    async def _count(self, request: bytes, context: Any) -> bytes:
        told, self._counts = pickle.dumps(self._counts), {}
        return told

    async def _generate(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        for message in self._answer:
            yield message


async def _upload(requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
    """Confirm each chunk as a server does, of which only the frame is read."""
    received = 0
    async for request in requests:
        received += chunk_bytes(request)
        yield upload_answer(received)


def chunk_bytes(request: bytes) -> int:
    """Return the bytes of content in a FileUploadRequest: 0 of one that only names the file."""
    if request[:1] != b"\x12":  # field 2, `chunk`
        return 0
    _, at = _varint(request, 1)
    if request[at : at + 1] != b"\x0a":  # its field 1, `content`
        return 0
    return _varint(request, at + 1)[0]


def upload_answer(received_bytes: int) -> bytes:
    """Return UploadResponse{chunkUploadSuccess: true, receivedOffset}."""
    written, value = bytearray(), received_bytes
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return b"\x08\x01\x10" + bytes(written)


def received_bytes(answer: bytes) -> int:
    """Return what an answer of `upload_answer` confirms."""
    return _varint(answer, 3)[0]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


async def _serve() -> None:
    size = int.from_bytes(sys.stdin.buffer.read(8), "little")
    short, answers = pickle.loads(sys.stdin.buffer.read(size))
    server = grpc.aio.server(options=OPTIONS)
    server.add_generic_rpc_handlers((_Service(short, answers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(_serve())
