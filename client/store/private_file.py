"""Where small private things are kept: one JSON object in a file that only its owner may read."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ...errors import StoreUnusable
from .. import strict_json

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

T = TypeVar("T")

MOST_BYTES = 4 << 20
WAIT_SECONDS = 10.0
_POLL_SECONDS = 0.01
_NO_LOCKS = frozenset(
    getattr(errno, name) for name in ("ENOLCK", "ENOTSUP", "ENOSYS") if hasattr(errno, name)
)


class _Content:
    """What a file holds. No repr shows it, as a traceback with local variables would print it."""

    __slots__ = ("text", "value")

    def __init__(self) -> None:
        self.value: dict[str, Any] = {}
        self.text = b""


class PrivateFile:
    """One JSON object in a file of mode 0600, in a folder of mode 0700.

    Any number of threads and processes may read and change it at a time: a change happens whole or
    not at all. On Windows, files have the access rights of their folder. No error shows or carries
    what is in the file.
    """

    def __init__(self, path: Path, *, wait_seconds: float = WAIT_SECONDS) -> None:
        """`wait_seconds` bounds how long a change waits for those of others."""
        self.path = path
        self._wait_seconds = wait_seconds

    def read(self) -> dict[str, Any]:
        """Return what is kept, {} where there is no file yet. Raises StoreUnusable."""
        content = _Content()
        failure = self._read_into(content)
        if failure is not None:
            raise failure
        return content.value

    def update(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Let `change` alter what is kept, and keep it; may wait for others who do.

        Raises StoreUnusable, and what `change` raises; then nothing is altered.
        """
        content = _Content()
        failure = self._make_folder()
        if failure is not None:
            raise failure
        with self._locked():
            failure = self._read_into(content)
            if failure is not None:
                raise failure
            change(content.value)
            failure = self._write(content)
        if failure is not None:
            raise failure

    def _read_into(self, content: _Content) -> StoreUnusable | None:
        """Fill in what is kept; return what hinders. Nothing is raised in here: an exception would
        hold on to the text of the file.
        """
        try:
            content.text = _patiently(self._bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            return self._unusable("read", error)
        if len(content.text) > MOST_BYTES:
            return StoreUnusable(
                "The file {path} is larger than {limit} MiB.",
                "Move it away; what it held has to be entered again.",
                path=self.path,
                limit=MOST_BYTES >> 20,
            )
        try:
            text = content.text.decode("utf-8-sig")
            content.value = strict_json.loads(text)
        except (ValueError, RecursionError):
            return self.damaged()
        return None if isinstance(content.value, dict) else self.damaged()

    def damaged(self) -> StoreUnusable:
        """Return the error for content that is not what we write."""
        return StoreUnusable(
            "The file {path} is damaged, and is left as it is.",
            "Restore it from a backup, or move it away and enter again what it held.",
            path=self.path,
        )

    def _bytes(self) -> bytes:
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(self.path, flags), "rb") as file:  # a pipe would wait for a writer
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(errno.EINVAL, "it is no file")
            if sys.platform != "win32" and status.st_mode & 0o077:
                with contextlib.suppress(OSError):  # of another user, or on a disk without modes
                    os.fchmod(file.fileno(), status.st_mode & 0o600)
            return file.read(MOST_BYTES + 1)

    def _make_folder(self) -> StoreUnusable | None:
        folder = self.path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sys.platform != "win32":
                seen = folder.stat()
                # Only what is ours: root could take /tmp away from all others.
                if seen.st_mode & 0o077 and seen.st_uid == os.geteuid() and not _is_shared(seen):
                    with contextlib.suppress(OSError):
                        folder.chmod(seen.st_mode & 0o700)
        except OSError as error:
            return self._unusable("written", error)
        return None

    def _write(self, content: _Content) -> StoreUnusable | None:
        """Put a whole new file into the place of the old one; return what hinders."""
        text = json.dumps(content.value, indent=2, allow_nan=False).encode("ascii") + b"\n"
        if len(text) > MOST_BYTES:
            return StoreUnusable(
                "The file {path} would be larger than {limit} MiB.",
                "Remove entries that are not needed, and try again.",
                path=self.path,
                limit=MOST_BYTES >> 20,
            )
        if text == content.text:
            return None
        # Always the same name, so that a process that was killed leaves no second copy for long.
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            new.unlink(missing_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            _patiently(lambda: new.replace(self.path))
        except OSError as error:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
            return self._unusable("written", error)
        return None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep others from changing the file. The system gives the lock back if we are killed."""
        path = self.path.with_name(f"{self.path.name}.lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except OSError as error:
            raise self._unusable("written", error) from None
        try:
            until = time.monotonic() + self._wait_seconds
            while not _lock(handle):
                if time.monotonic() > until:
                    raise StoreUnusable(
                        "Another program has kept {path} busy for {seconds} seconds.",
                        "Try again, or end the other program.",
                        path=self.path,
                        seconds=f"{self._wait_seconds:g}",
                    )
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(handle)

    def _unusable(self, done: str, error: OSError) -> StoreUnusable:
        return StoreUnusable(
            "The file {path} cannot be {done}: {reason}.",
            "Check the folder's permissions and the space on its disk.",
            path=self.path,
            done=done,
            reason=error.strerror or "the system refuses",
        )


def _is_shared(seen: os.stat_result) -> bool:
    """Return whether it is a folder like /tmp, in which everybody keeps files of his own."""
    return bool(seen.st_mode & stat.S_ISVTX)


def _lock(handle: int) -> bool:
    """Return whether the lock is ours now. A disk without locks is taken as it is: files are
    replaced whole there as well.
    """
    try:
        if sys.platform == "win32":
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in _NO_LOCKS
    return True


def _patiently(work: Callable[[], T]) -> T:
    """Do something that Windows refuses for the moment in which another process has the file."""
    until = time.monotonic() + 1
    while True:
        try:
            return work()
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > until:
                raise
        time.sleep(_POLL_SECONDS)
