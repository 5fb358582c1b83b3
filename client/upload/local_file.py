"""A file of this computer that is to be sent: its name there, its hash, its bytes in pieces."""

from __future__ import annotations

import contextlib
import hashlib
import json
import stat
import threading
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from ...errors import Cancelled, RequestRejected
from ...facts.custom_lists import is_list
from ..store.atomic_file import replace_whole

CHUNK_BYTES = 1 << 20
# A server writes "<name>.part" first, and file systems take 255 bytes.
LONGEST_NAME_BYTES = 250

_READ_BYTES = 4 * CHUNK_BYTES
_CHUNKS_AT_ONCE = 4
_MOST_HASHES = 1000
_CACHE_NAME = "hashes.json"


def check_name(name: str) -> str:
    """Return the name that a file shall have on a server, which takes any name as it comes.

    Raises RequestRejected for what is not the bare, visible name of a file, or one of the server's
    own lists.
    """
    remedy = "Give a plain file name, such as my_model.ckpt."
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise RequestRejected("The remote name is not readable text.", remedy) from None
    if not name.strip():
        raise RequestRejected("The remote name is empty.", remedy)
    if any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in name):
        raise RequestRejected(f"The remote name {name!r} has control characters in it.", remedy)
    if "/" in name or "\\" in name:
        raise RequestRejected(
            f"The remote name {name!r} leads into a folder: a server keeps its models in one.",
            remedy,
        )
    if name.startswith("."):
        raise RequestRejected(f"The remote name {name!r} is that of a hidden file.", remedy)
    if name != name.strip():
        raise RequestRejected(f"The remote name {name!r} begins or ends with a space.", remedy)
    if is_list(name):
        raise RequestRejected(
            f"The remote name {name!r} is that of a list of the server's, which it would replace.",
            remedy,
        )
    if size > LONGEST_NAME_BYTES:
        raise RequestRejected(
            f"The remote name has {size} bytes, and a server takes {LONGEST_NAME_BYTES}.",
            "Give a shorter one.",
        )
    return name


@dataclass(frozen=True)
class LocalFile:
    """A file as it was when it was looked at: what else it could become is a change."""

    path: Path
    size_bytes: int
    modified_ns: int

    @classmethod
    def look_at(cls, path: Path) -> LocalFile:
        """Look at a file; may block.

        Raises RequestRejected where it is missing, empty, or no plain file.
        """
        remedy = "Choose a file of the computer that runs this."
        try:
            seen = path.stat()
        except (OSError, ValueError) as error:
            raise RequestRejected(f"The file {path} cannot be read.", remedy) from error
        if not stat.S_ISREG(seen.st_mode):  # a device or a pipe would never end
            raise RequestRejected(f"{path} is not a file.", remedy)
        if not seen.st_size:
            raise RequestRejected(f"The file {path} is empty.", "Choose one with something in it.")
        return cls(path.absolute(), seen.st_size, seen.st_mtime_ns)

    def check(self) -> None:
        """Raise RequestRejected if the file is not as it was; may block."""
        try:
            seen = self.path.stat()
        except OSError:
            raise self.changed() from None
        if (seen.st_size, seen.st_mtime_ns) != (self.size_bytes, self.modified_ns):
            raise self.changed()

    def changed(self) -> RequestRejected:
        """Return the error for a file that another program has written to."""
        return RequestRejected(
            f"The file {self.path} changed while it was sent.",
            "Wait until whatever writes it has finished, and send it again.",
        )

    def sha256(self, progress: Callable[[int], None], stop: Callable[[], bool]) -> str:
        """Return the hash in hex; blocks. `progress` hears how many bytes are done.

        Raises RequestRejected where it changed or cannot be read, Cancelled when `stop()` is true.
        """
        digest, done = hashlib.sha256(), 0
        with self.open() as file:
            while block := _read(self, file):
                if stop():
                    raise Cancelled
                digest.update(block)
                done += len(block)
                progress(done)
        if done != self.size_bytes:
            raise self.changed()
        self.check()
        return digest.hexdigest()

    def open(self) -> FileIO:
        """Open the file for reading; may block. Raises RequestRejected where that fails."""
        try:
            return self.path.open("rb", buffering=0)
        except OSError as error:
            raise _unreadable(self.path) from error


class Pieces:
    """Reads a file from its start, a few chunks at a time.

    `next` is for threads, one after the other; `close` is for anybody, also while `next` runs.
    """

    def __init__(self, file: LocalFile) -> None:
        self._local = file
        self._file: FileIO | None = None
        self._left = file.size_bytes
        self._reading = threading.Lock()
        self._closed = False

    def next(self) -> list[bytes]:
        """Return the next chunks, none at the end; blocks.

        Raises RequestRejected where the file is shorter than it was, or cannot be read.
        """
        try:
            with self._reading:
                if self._closed:
                    raise Cancelled
                self._file = self._file or self._local.open()
                return [data for _ in range(_CHUNKS_AT_ONCE) if (data := self._chunk(self._file))]
        finally:
            if self._closed:  # while this was reading
                self._shut()

    def _chunk(self, file: FileIO) -> bytes:
        data = _read(self._local, file, min(CHUNK_BYTES, self._left))
        if not data and self._left:
            raise self._local.changed()
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Close the file, or have the thread that reads it do so; never blocks."""
        self._closed = True
        if self._reading.acquire(blocking=False):
            try:
                self._shut()
            finally:
                self._reading.release()

    def _shut(self) -> None:
        if self._file is not None:
            self._file.close()


class HashCache:
    """Hashes of files by path, size and time of change; with a folder they outlive the process.

    May be used from any thread. Without a folder that can be read and written nothing is kept.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._path = None if folder is None else folder / _CACHE_NAME
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, int, str]] | None = None

    def find(self, file: LocalFile) -> str:
        """Return the hash in hex, "" where it is not known; may block."""
        with self._lock:
            size, modified, sha256 = self._load().get(str(file.path), (0, 0, ""))
        return sha256 if (size, modified) == (file.size_bytes, file.modified_ns) else ""

    def keep(self, file: LocalFile, sha256: str) -> None:
        """Remember a hash; may block."""
        with self._lock:
            known = self._load()
            known.pop(str(file.path), None)
            known[str(file.path)] = (file.size_bytes, file.modified_ns, sha256)
            while len(known) > _MOST_HASHES:
                del known[next(iter(known))]
            self._save(known)

    def forget(self, file: LocalFile) -> None:
        """Forget the hash of a file that has turned out to be another; may block."""
        with self._lock:
            known = self._load()
            if known.pop(str(file.path), None):
                self._save(known)

    def _load(self) -> dict[str, tuple[int, int, str]]:
        if self._known is None:
            self._known = {}
            try:
                kept = json.loads(self._path.read_text("utf-8")) if self._path else {}
                for path, (size, modified, sha256) in kept.items():
                    if len(bytes.fromhex(sha256)) == 32:
                        self._known[str(path)] = (int(size), int(modified), str(sha256))
            except (OSError, ValueError, TypeError, AttributeError, RecursionError):
                pass  # hashing again costs time and nothing else
        return self._known

    def _save(self, known: dict[str, tuple[int, int, str]]) -> None:
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_whole(self._path, json.dumps(known).encode("ascii"))


def _read(local: LocalFile, file: FileIO, size: int = _READ_BYTES) -> bytes:
    try:
        return file.read(size)
    except (OSError, ValueError) as error:
        raise _unreadable(local.path) from error


def _unreadable(path: Path) -> RequestRejected:
    return RequestRejected(
        f"The file {path} cannot be read.", "Check that it is there and may be read."
    )
