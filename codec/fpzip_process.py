"""Child processes that decode fpzip: they are started, asked, waited for, killed and replaced."""

from __future__ import annotations

import io
import json
import math
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import Cancelled, DecoderUnavailable
from . import fpzip_worker as wire
from .damage import damaged, not_unpacked, unavailable

Stop = Callable[[], bool] | None

_POLL_SECONDS = 0.01  # between two looks at `stop`
_START_SECONDS = 60.0  # a cold disk and a virus scanner may delay a first import this much
_BASE_SECONDS = 10.0
_SECONDS_PER_VALUE = 1e-6  # some 25 times what a slow machine needs
_QUIT_SECONDS = 1.0
_PIPE_BYTES = 1 << 20  # the most that Linux gives without asking
# A computer that is out of memory, and one that goes down, ends processes so.
_FROM_OUTSIDE = ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT", "SIGXCPU")
_MAX_PROCESSES = max(1, min(4, os.cpu_count() or 1))


@dataclass(frozen=True)
class Job:
    """One stream to decode, whose header has been checked; `grid` is (nf, nz, ny, nx)."""

    payload: memoryview
    dtype: np.dtype
    dims: tuple[int, ...]
    grid: tuple[int, int, int, int]
    kind: int

    @property
    def seconds(self) -> float:
        """Return how long decoding may take."""
        return _BASE_SECONDS + _SECONDS_PER_VALUE * math.prod(self.dims)


class _Died(Exception):
    """A child process ended, or did not keep to the exchange; `outside` says that somebody else
    than the stream may have ended or stopped it.
    """

    def __init__(self, fact: str, *, greeted: bool, outside: bool = False) -> None:
        super().__init__(fact)
        self.greeted = greeted
        self.outside = outside


class Pool:
    """Child processes that are kept between decodes; may be used from any thread."""

    def __init__(self, max_processes: int = _MAX_PROCESSES) -> None:
        self._changed = threading.Condition()
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._starting = 0
        self._max_processes = max_processes

    def decode(self, job: Job, stop: Stop) -> np.ndarray:
        """Return the values of one stream, as `codec.fpzip.decode` says.

        A child may be killed or stopped from outside, so a job that a child did not finish gets a
        second, fresh one; a stream that crashes both is damaged.
        """
        try:
            return self._attempt(job, stop, fresh=False)
        except _Died:
            pass
        try:
            return self._attempt(job, stop, fresh=True)
        except _Died as error:
            if error.outside:
                raise not_unpacked(f"the process for it {error}, twice") from error
            if not error.greeted:
                raise cannot_start(str(error)) from error
            raise damaged(f"its fpzip stream crashed the decoder twice ({error})") from error

    def close(self) -> None:
        """End all children; whoever waits for one gets Cancelled. A later decode starts anew."""
        with self._changed:
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.abandon()
            self._changed.notify_all()
        for worker in idle:
            worker.quit()

    def _has_room(self) -> bool:
        count = len(self._idle) + len(self._busy) + self._starting
        return count < self._max_processes

    def _attempt(self, job: Job, stop: Stop, *, fresh: bool) -> np.ndarray:
        worker = self._take(stop, fresh=fresh)
        try:
            return worker.decode(job, stop)
        finally:
            with self._changed:
                self._busy.discard(worker)
                if worker.usable:
                    self._idle.append(worker)
                self._changed.notify()

    def _take(self, stop: Stop, *, fresh: bool) -> Worker:
        """Return a child that nobody uses, started where there is none and still room for one."""
        while True:
            with self._changed:
                while self._idle and not (fresh and self._has_room()):
                    worker = self._idle.pop()
                    if not fresh and worker.is_alive():
                        self._busy.add(worker)
                        return worker
                    worker.kill()
                if self._has_room():
                    self._starting += 1
                    break
                self._changed.wait(_POLL_SECONDS)
            if stop is not None and stop():
                raise Cancelled
        worker: Worker | None = None
        try:
            worker = Worker()
            return worker
        finally:
            with self._changed:
                self._starting -= 1
                if worker is not None:
                    self._busy.add(worker)


class Worker:
    """One child process, used by one thread at a time."""

    def __init__(self) -> None:
        if not sys.executable or getattr(sys, "frozen", False):
            raise cannot_start("this Python cannot start another one")
        # -I keeps this folder, whose fpzip.py is not the package, off the import path. The child
        # gets our path instead, so that it finds what this process would find.
        command = [sys.executable, "-I", str(Path(wire.__file__).resolve())]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                # numpy's matrix library would start a thread per core, and nothing here needs it.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            )
        except OSError as error:
            raise cannot_start(str(error)) from error
        assert isinstance(self._process.stdin, io.BufferedWriter)
        assert isinstance(self._process.stdout, io.BufferedReader)
        self._requests = self._process.stdin
        self._answers = self._process.stdout
        for pipe in (self._requests, self._answers):
            _widen(pipe.fileno())
        self.usable = True
        self._greeted = False
        self._abandoned = False

    @property
    def pid(self) -> int:
        """Return the child's process id."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Return whether the child still runs."""
        return self._process.poll() is None

    def decode(self, job: Job, stop: Stop) -> np.ndarray:
        """Return the values of one stream; after anything else the child is killed.

        A child that failed may have had its memory overwritten, and must not decode again.
        """
        exchange = _Exchange(self, job)
        seconds = job.seconds if self._greeted else job.seconds + _START_SECONDS
        deadline = time.monotonic() + seconds
        exchange.start()
        try:
            while not exchange.done.wait(_POLL_SECONDS):
                if stop is not None and stop():
                    raise Cancelled
                if time.monotonic() > deadline:
                    fact = f"gave no answer in {seconds:.0f} seconds"
                    raise _Died(fact, greeted=True, outside=True)
            exchange.join()
            if exchange.error is not None:
                raise Cancelled if self._abandoned else exchange.error
            assert exchange.values is not None
            return exchange.values
        except BaseException:
            self.usable = False
            self._process.kill()
            exchange.join(_QUIT_SECONDS)  # it now reads the end of the file
            if not exchange.is_alive():  # else closing the pipes would wait for it
                self.kill()
            raise

    def exchange(self, job: Job) -> np.ndarray:
        """Send one stream and read its values; blocks, and is ended by killing the child."""
        try:
            self._send(job)
            if not self._greeted:
                self._greet()
            status, size = wire.REPLY.unpack(self._read(wire.REPLY.size))
            if status == wire.BROKEN:
                raise damaged(f"its fpzip stream is broken ({self._read_text(size)})")
            values = np.empty(job.dims, job.dtype)
            if status != wire.DECODED or size != values.nbytes:
                raise EOFError("it gave another answer than asked for")
            self._read_into(values.reshape(-1).view(np.uint8).data)
            return values
        except (OSError, EOFError, struct.error) as error:
            if killed := self._killed_by():
                fact = f"was ended by {killed}"
                raise _Died(fact, greeted=self._greeted, outside=True) from error
            raise _Died(self._last_words(error), greeted=self._greeted) from error

    def abandon(self) -> None:
        """Kill the child under the thread that waits for it, which gets Cancelled."""
        self._abandoned = True
        self._process.kill()

    def quit(self) -> None:
        """Let the idle child end by itself, and see that it does."""
        with suppress(OSError):
            self._requests.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_QUIT_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the child, reap it and close its pipes; harmless when it is gone."""
        self.usable = False
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_QUIT_SECONDS)
        for pipe in (self._requests, self._answers):
            with suppress(OSError):  # what could not be written stays unwritten
                pipe.close()

    def _send(self, job: Job) -> None:
        if not self._greeted:
            path = json.dumps([entry or str(Path.cwd()) for entry in sys.path]).encode()
            self._requests.write(wire.LENGTH.pack(len(path)) + path)
        self._requests.write(wire.REQUEST.pack(len(job.payload), *job.grid, job.kind))
        self._requests.write(job.payload)
        self._requests.write(wire.PADDING)
        self._requests.flush()

    def _greet(self) -> None:
        status, size = wire.REPLY.unpack(self._read(wire.REPLY.size))
        if status == wire.MISSING:
            raise unavailable(f"the Python package fpzip does not load ({self._read_text(size)})")
        self._greeted = True

    def _read_text(self, size: int) -> str:
        return self._read(size).decode(errors="replace")

    def _read(self, size: int) -> bytes:
        content = self._answers.read(size)
        if len(content) < size:
            raise EOFError
        return content

    def _read_into(self, target: memoryview) -> None:
        while target:
            count = self._answers.readinto(target)
            if not count:
                raise EOFError
            target = target[count:]

    def _killed_by(self) -> str:
        """Return the name of the signal by which somebody has ended the child, "" for none: a
        stream that crashes it does so by others.
        """
        with suppress(subprocess.TimeoutExpired, ValueError):
            name = signal.Signals(-self._process.wait(_QUIT_SECONDS)).name
            return name if name in _FROM_OUTSIDE else ""
        return ""

    def _last_words(self, error: Exception) -> str:
        if str(error) and isinstance(error, EOFError):
            return str(error)
        with suppress(subprocess.TimeoutExpired):
            return f"it ended with status {self._process.wait(_QUIT_SECONDS)}"
        return "it closed its pipes"


class _Exchange(threading.Thread):
    """Does the blocking reads and writes of one decode, as pipes cannot be polled on Windows."""

    def __init__(self, worker: Worker, job: Job) -> None:
        super().__init__(name="drawbridge-fpzip", daemon=True)
        self.done = threading.Event()
        self.values: np.ndarray | None = None
        self.error: Exception | None = None
        self._worker = worker
        self._job = job

    def run(self) -> None:
        try:
            self.values = self._worker.exchange(self._job)
        except Exception as error:
            self.error = error
        finally:
            self.done.set()


def _widen(pipe: int) -> None:
    """Let a pipe hold more than 64 kB, where the system can.

    Each time that it is full or empty, one process has to wake the other.
    """
    try:
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    except (ImportError, AttributeError, OSError):  # not on Linux, or not allowed
        return


def cannot_start(reason: str) -> DecoderUnavailable:
    """Return the error for a child process that does not start."""
    return unavailable(f"the program that unpacks it does not start ({reason})")
