"""Runs generations one after the other; whoever waits hears nothing, as with a real server."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import grpc

from ...proto import image_service_pb2 as pb2
from .faults import DEATH, UNKNOWN_ERROR, Interruption
from .journal import Journal


@dataclass(frozen=True)
class End:
    """How a stream ends."""

    status: grpc.StatusCode = grpc.StatusCode.OK
    details: str = ""


class Job:
    """One generation: what it does is `play`, what it says waits in `messages` until it is read."""

    def __init__(
        self,
        number: int,
        play: Callable[[Job], Iterator[pb2.ImageGenerationResponse]],
    ) -> None:
        self.number = number
        self.play = play
        self.cancelled = threading.Event()
        self._outbox: queue.SimpleQueue[pb2.ImageGenerationResponse | End] = queue.SimpleQueue()

    def say(self, message: pb2.ImageGenerationResponse | End) -> None:
        """Put a message or the end into the stream."""
        self._outbox.put(message)

    def messages(self) -> Iterator[pb2.ImageGenerationResponse]:
        """Yield the messages as they come. Raises Interruption unless the end is a good one."""
        while True:
            message = self._outbox.get()
            if isinstance(message, End):
                if message.status is not grpc.StatusCode.OK:
                    raise Interruption(message.status, message.details)
                return
            yield message


class Worker:
    """A thread with a queue of jobs; it may be asked from any thread.

    A cancelled job is noticed when its next message is due, not before, and one that is cancelled
    while it waits still gets its turn: docs/protocol.md 1.8.
    """

    def __init__(self, journal: Journal, step_ms: float) -> None:
        self._journal = journal
        self._step_seconds = step_ms / 1000
        self._jobs: queue.SimpleQueue[Job | threading.Event | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """End the job that runs at its next message and drop those that wait."""
        self._stopping.set()
        self._jobs.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def submit(self, job: Job) -> None:
        """Queue a job."""
        self._journal.add("queued", generation=job.number)
        self._jobs.put(job)

    def wait_for_turn(self) -> None:
        """Return when everything that was queued before is done, or when the server stops."""
        turn = threading.Event()
        self._jobs.put(turn)
        while not turn.wait(0.05) and not self._stopping.is_set():
            pass

    def wait_for_cancel(self, job: Job) -> None:
        """Return when the job is cancelled, or when the server stops."""
        while not job.cancelled.wait(0.05) and not self._stopping.is_set():
            pass

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if isinstance(job, threading.Event):
                job.set()
                continue
            end = (
                self._work(job)
                if not self._stopping.is_set()
                else End(grpc.StatusCode.UNAVAILABLE, DEATH)
            )
            job.say(end)

    def _work(self, job: Job) -> End:
        """Play a job to its end, or to the point where its cancellation is noticed."""
        self._journal.add("started", generation=job.number)
        said = 0
        try:
            for message in job.play(job):
                self._stopping.wait(self._step_seconds)
                if job.cancelled.is_set() or self._stopping.is_set():
                    return self._cancel(job, said)
                self._note(job, message)
                job.say(message)
                said += 1
        except Interruption as error:
            if job.cancelled.is_set():
                return self._cancel(job, said)
            self._journal.add(
                "failed",
                generation=job.number,
                status=error.status.name,
                details=error.details,
                messages=said,
            )
            return End(error.status, error.details)
        except Exception as error:
            # The queue outlives whatever one job runs into, as a server's does.
            self._journal.add(
                "failed",
                generation=job.number,
                status="INTERNAL",
                details=repr(error),
                messages=said,
            )
            return End(grpc.StatusCode.INTERNAL, UNKNOWN_ERROR)
        self._journal.add("finished", generation=job.number, messages=said)
        return End()

    def _cancel(self, job: Job, said: int) -> End:
        self._journal.add("cancelled", generation=job.number, messages=said)
        return End(grpc.StatusCode.CANCELLED, "CANCELLED")

    def _note(self, job: Job, message: pb2.ImageGenerationResponse) -> None:
        name = message.currentSignpost.WhichOneof("signpost")
        if name in ("sampling", "secondPassSampling"):
            self._journal.add(
                "step",
                generation=job.number,
                phase=name,
                step=getattr(message.currentSignpost, name).step,
                preview=len(message.previewImage),
            )
