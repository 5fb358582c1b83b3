"""Which files a server has: the question that no list answers, as a file may be in none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import ProtocolMismatch
from .records import RemoteFile

if TYPE_CHECKING:
    from ..connection.connection import Connection

_SECONDS = 30.0
_HASHING_SECONDS = 600.0


async def files_exist(
    connection: Connection,
    files: Sequence[str],
    with_hashes: bool = False,
    timeout_seconds: float | None = None,
) -> list[RemoteFile]:
    """Return, for each name, whether the server has the file; see DrawThingsClient.files_exist.

    Hashes are asked for one by one: while a server reads a file, it answers not even a ping, and
    would seem to be gone. `timeout_seconds` is then for each.
    """
    if with_hashes and len(files) > 1:
        one_by_one = [
            await files_exist(connection, [file], True, timeout_seconds) for file in files
        ]
        return [found for [found] in one_by_one]
    from ...proto import image_service_pb2

    await connection.confirm_secret()
    request = image_service_pb2.FileListRequest(files=files)
    if with_hashes:
        request.filesWithHash.extend(files)
    wait_seconds = timeout_seconds or (_HASHING_SECONDS if with_hashes else _SECONDS)
    reply = await connection.ask("FilesExist", request, wait_seconds)
    if not len(files) == len(reply.files) == len(reply.existences):
        raise ProtocolMismatch(
            f"The server at {connection.endpoint.address} answered for {len(reply.existences)} of"
            f" {len(files)} files.",
            "Update the server, or report this.",
        )
    hashes = [*reply.hashes, *[b""] * (len(files) - len(reply.hashes))]
    return [
        RemoteFile(name, exists, digest.hex())
        for name, exists, digest in zip(files, reply.existences, hashes, strict=False)
    ]
