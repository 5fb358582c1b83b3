"""An upload against bare streaming of the same slices to the same server, and its memory."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc.aio
from replay import OPTIONS, SERVICE, Replay, received_bytes
from turns import Figure

import checkout
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.server_fields import Transport
from drawbridge.client.upload.local_file import CHUNK_BYTES, HashCache, LocalFile
from drawbridge.proto import image_service_pb2 as pb2

GROUP = "upload"
SIZE_VARIABLE = "DRAWBRIDGE_BENCH_UPLOAD_MIB"
SIZE_MIB = int(os.environ.get(SIZE_VARIABLE, "2048"))
_NAME = "model.ckpt"
_WINDOW_CHUNKS = 50


def missing() -> bytes:
    """Return the answer to FilesExist that has no such file."""
    return pb2.FileExistenceResponse(files=[_NAME], existences=[False]).SerializeToString()


async def ours(port: int, path: Path, hashes: HashCache) -> float:
    """Return the seconds of an upload whose hash is known."""
    endpoint = Endpoint("127.0.0.1", port, Transport.PLAINTEXT)
    async with DrawThingsClient(endpoint) as client:
        start = time.perf_counter()
        async for _ in client.upload(path, _NAME, hashes=hashes):
            pass
        return time.perf_counter() - start


async def bare(port: int, path: Path) -> float:
    """Return the seconds of the same slices, read from the file and sent by a bare client that
    waits, as every client must, when too many are not confirmed.
    """
    confirmed, moved = 0, asyncio.Event()
    size = LocalFile.look_at(path).size_bytes

    async def slices() -> AsyncIterator[bytes]:
        first = pb2.InitUploadRequest(filename=_NAME, sha256=bytes(32), totalSize=size)
        yield pb2.FileUploadRequest(initRequest=first).SerializeToString()
        offset = 0
        with LocalFile.look_at(path).open() as file:
            while content := file.read(CHUNK_BYTES):
                while offset - confirmed > (_WINDOW_CHUNKS - 1) * CHUNK_BYTES:
                    moved.clear()
                    await moved.wait()
                chunk = pb2.FileChunk(content=content, offset=offset)
                yield pb2.FileUploadRequest(chunk=chunk).SerializeToString()
                offset += len(content)

    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        start = time.perf_counter()
        async for answer in channel.stream_stream(f"/{SERVICE}/UploadFile")(slices()):
            confirmed = received_bytes(answer)
            moved.set()
        return time.perf_counter() - start


def figures(rounds: int) -> Iterator[Figure]:
    """Yield the lines of the table."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Replay({"Echo": b"", "FilesExist": missing()}, {}) as server,
    ):
        path = Path(folder) / _NAME
        with path.open("wb") as file:
            file.truncate(SIZE_MIB << 20)  # without blocks of its own: the disk has no part in it
        file = LocalFile.look_at(path)
        hashes = HashCache()
        hashes.keep(file, file.sha256(lambda _: None, lambda: False))
        taken: list[float] = []
        least: list[float] = []
        for _ in range(2 if SIZE_MIB >= 1024 else 3):
            taken.append(asyncio.run(ours(server.port, path, hashes)))
            least.append(asyncio.run(bare(server.port, path)))
        yield Figure(
            *(GROUP, f"upload {SIZE_MIB} MiB", SIZE_MIB / min(taken), "MiB/s"),
            *(SIZE_MIB / min(least), "bare streaming of the same slices", 0.9),
            least=True,
        )
        script = checkout.ROOT / "devtools" / "upload_memory.py"
        words = [sys.executable, str(script), str(checkout.ROOT), str(server.port), str(path)]
        grown = int(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)
        yield Figure(GROUP, "upload: growth of memory", grown / 2**20, "MiB", target=64.0)
