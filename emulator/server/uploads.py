"""Receives one uploaded file: checks order, size and hash, and leaves nothing half done."""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path
from typing import IO

import grpc

from ...facts.custom_lists import is_list

_RECEIVED = "File uploaded init successfully"  # a real server says so for every message


class UploadRefused(Exception):
    """The stream has to end with a status."""

    def __init__(self, status: grpc.StatusCode, details: str) -> None:
        super().__init__(status, details)
        self.status = status
        self.details = details


class Upload:
    """One stream of an UploadFile call; its answers and statuses are those of docs/protocol.md 1.7.

    Deviation: a real server does not look at the name, and deletes a folder of that name. This one
    takes bare file names only, and neither a folder's nor that of a list of its own, and ends the
    stream as if the file could not be made, so that nobody can write outside of its folder or over
    anything but models.
    """

    message = _RECEIVED

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._part: Path | None = None
        self._digest = hashlib.sha256()
        self._expected_size = 0
        self._expected_sha256 = b""
        self.filename = ""
        self.received = 0

    def begin(self, filename: str, total_size: int, sha256: bytes) -> None:
        """Make the file `<filename>.part`, emptying one that is there.

        Raises UploadRefused where it cannot be made.
        """
        self.discard()
        if not is_bare_name(filename) or is_list(filename) or (self._folder / filename).is_dir():
            raise UploadRefused(grpc.StatusCode.INTERNAL, "Failed to create file handle")
        part = self._folder / f"{filename}.part"
        try:
            self._file = part.open("wb")
        except OSError as error:
            raise UploadRefused(grpc.StatusCode.INTERNAL, "Failed to create file handle") from error
        self._part = part
        self.filename = filename
        # As on a real server the count goes on after an earlier file: one file per stream.
        self._expected_size = total_size
        self._expected_sha256 = sha256
        self._digest = hashlib.sha256()

    def take(self, content: bytes, offset: int) -> None:
        """Append a piece. Raises UploadRefused without a file, or where it is not the next."""
        if self._file is None:
            raise UploadRefused(grpc.StatusCode.INTERNAL, "Failed to create file handle")
        if offset != self.received:
            raise UploadRefused(grpc.StatusCode.DATA_LOSS, "Received chunk with unexpected offset")
        self._file.write(content)
        self._digest.update(content)
        self.received += len(content)

    def finish(self) -> Path:
        """Check the file and name it. Raises UploadRefused where it is not what was announced."""
        if self._file is None or self._part is None:
            raise UploadRefused(grpc.StatusCode.INTERNAL, "Missing File metadata")
        if self.received != self._expected_size:
            raise UploadRefused(
                grpc.StatusCode.INVALID_ARGUMENT,
                "uploaded file size does not match expectation totalBytesReceived: "
                f"{self.received} expectedFileSize:{self._expected_size}",
            )
        if self._digest.digest() != self._expected_sha256:
            raise UploadRefused(grpc.StatusCode.DATA_LOSS, "File validation failed")
        self._file.close()
        self._file = None
        target = self._folder / self.filename
        self._part.replace(target)
        self._part = None
        return target

    def discard(self) -> None:
        """Close and delete what has not been finished; harmless at any time."""
        if self._file:
            self._file.close()
            self._file = None
        if self._part:
            with contextlib.suppress(OSError):
                self._part.unlink()
            self._part = None


_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def is_bare_name(name: str) -> bool:
    """Return whether a name is, on every system, that of a file in a folder."""
    return (
        0 < len(name) <= 200
        and name not in (".", "..")
        and not re.search(r'[\x00-\x1f\x7f/\\:*?"<>|]', name)
        and not name.endswith((" ", "."))
        and not _RESERVED.fullmatch(name)
    )
