"""The six calls of the service, answered as a real server answers them (docs/protocol.md 1)."""

from __future__ import annotations

import hmac
import itertools
import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import grpc

from ...proto import image_service_pb2 as pb2
from ..stock import specifications
from ..stock.catalog import Catalog
from ..understanding.controls import find_effects
from ..understanding.description import to_json
from ..understanding.message import read
from ..understanding.planner import make_plan
from ..understanding.request import ServerDies
from ..understanding.strict import find_crash, find_crash_of_plan, find_ignored
from ..understanding.tensors import ServerHangs
from .faults import DEATH, UNKNOWN_ERROR, Faults, Interruption
from .generation import Generation
from .journal import Journal
from .uploads import Upload, UploadRefused
from .worker import Job, Worker

_SLOW_ECHO_SECONDS = 2.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Behaviour:
    """How a server is set up, as far as answers show it; `secret` is "" where none is wanted."""

    secret: str
    model_browser: bool
    compression: bool
    float32: bool
    strict: bool
    echo_on_queue: bool

    def __repr__(self) -> str:
        return "Behaviour(...)"


class Service:
    """One server's state: its files, its queue, its journal."""

    def __init__(
        self,
        behaviour: Behaviour,
        catalog: Catalog,
        worker: Worker,
        faults: Faults,
        journal: Journal,
        drop: Callable[[str], None],
    ) -> None:
        """`drop` closes the connection of a call's peer, as a dying process does."""
        self._behaviour = behaviour
        self._catalog = catalog
        self._worker = worker
        self._faults = faults
        self._journal = journal
        self._drop = drop
        self._numbers = itertools.count(1)
        self._arrivals = threading.Lock()
        self.identifier = secrets.randbits(64) or 1

    def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> pb2.EchoReply:
        """Say hello, and what is on the server."""
        self._note("Echo", context, request.HasField("sharedSecret"), name=request.name)
        if self._behaviour.echo_on_queue:
            self._worker.wait_for_turn()
        if "slow-echo" in self._faults.names:
            over = threading.Event()
            if context.add_callback(over.set):
                over.wait(_SLOW_ECHO_SECONDS)
        if not self._knows(request.sharedSecret):
            return pb2.EchoReply(sharedSecretMissing=True)
        reply = pb2.EchoReply(message=f"HELLO {request.name}", serverIdentifier=self.identifier)
        if self._behaviour.model_browser:
            reply.files.extend(self._catalog.files())
            for kind, listed in self._catalog.listing().items():
                setattr(reply.override, kind, specifications.write(listed))
        return reply

    def FilesExist(
        self, request: pb2.FileListRequest, context: grpc.ServicerContext
    ) -> pb2.FileExistenceResponse:
        """Say which files are there, and what their hashes are."""
        self._note(
            "FilesExist", context, request.HasField("sharedSecret"), files=list(request.files)
        )
        self._demand(request.sharedSecret, context)
        hashed = set(request.filesWithHash)
        return pb2.FileExistenceResponse(
            files=request.files,
            existences=[self._catalog.exists(name) for name in request.files],
            hashes=[
                self._catalog.sha256(name) if name in hashed else b"" for name in request.files
            ],
        )

    def Pubkey(
        self, request: pb2.PubkeyRequest, context: grpc.ServicerContext
    ) -> pb2.PubkeyResponse:
        """Answer with nothing, as every server that is no proxy does."""
        self._note("Pubkey", context, False)
        return pb2.PubkeyResponse()

    def Hours(self, request: pb2.HoursRequest, context: grpc.ServicerContext) -> pb2.HoursResponse:
        """Answer with nothing, as every server that is no proxy does."""
        self._note("Hours", context, False)
        return pb2.HoursResponse()

    def UploadFile(
        self, requests: Iterator[pb2.FileUploadRequest], context: grpc.ServicerContext
    ) -> Iterator[pb2.UploadResponse]:
        """Receive one file; every message of the stream carries the secret."""
        self._note("UploadFile", context, None)
        upload = Upload(self._catalog.folder)
        try:
            for request in requests:
                self._demand(request.sharedSecret, context)
                kind = request.WhichOneof("request")
                if kind == "initRequest":
                    init = request.initRequest
                    upload.begin(init.filename, init.totalSize, init.sha256)
                elif kind == "chunk":
                    upload.take(request.chunk.content, request.chunk.offset)
                else:
                    continue
                yield pb2.UploadResponse(
                    chunkUploadSuccess=True,
                    receivedOffset=upload.received if kind == "chunk" else 0,
                    message=upload.message,
                    filename=request.chunk.filename if kind == "chunk" else upload.filename,
                )
            if context.is_active():
                upload.finish()
                self._journal.add("uploaded", file=upload.filename, bytes=upload.received)
        except UploadRefused as refusal:
            context.abort(refusal.status, refusal.details)
        except OSError as error:  # a full disk, or another upload of that name was faster
            self._journal.add("failed", file=upload.filename, details=repr(error))
            context.abort(grpc.StatusCode.INTERNAL, UNKNOWN_ERROR)
        finally:
            upload.discard()

    def GenerateImage(
        self, request: pb2.ImageGenerationRequest, context: grpc.ServicerContext
    ) -> Iterator[pb2.ImageGenerationResponse]:
        """Queue a generation and pass on what it says; only the headers come before its turn."""
        told = to_json(request)
        with self._arrivals:  # whoever comes first has the lower number and the earlier turn
            number = next(self._numbers)
            signed = request.HasField("sharedSecret")
            self._note("GenerateImage", context, signed, generation=number, request=told)
            self._demand(request.sharedSecret, context)
            job = Job(number, lambda job: self._play(request, job))
            if not context.add_callback(job.cancelled.set):
                job.cancelled.set()
            self._worker.submit(job)
        context.send_initial_metadata(())
        try:
            yield from job.messages()
        except Interruption as end:
            if end.details == DEATH:
                self._drop(context.peer())
            context.abort(end.status, end.details)

    def _play(
        self, message: pb2.ImageGenerationRequest, job: Job
    ) -> Iterator[pb2.ImageGenerationResponse]:
        active = self._faults.take()
        if "silent" in active:
            self._worker.wait_for_cancel(job)
            raise Interruption(grpc.StatusCode.CANCELLED, "CANCELLED")
        try:
            request = read(message, self._catalog)
        except ServerHangs as hang:
            raise self._hang(hang.reason, job) from hang
        except ServerDies as death:
            raise self._death(death.reason) from death
        effects = find_effects(request, self._catalog)
        reason = find_crash(request, effects)
        if reason:
            raise self._death(reason)
        plan = make_plan(request, effects, self._catalog)
        reason = find_crash_of_plan(plan)
        if reason:
            raise self._death(reason)
        if self._behaviour.strict:
            ignored = find_ignored(request, effects, plan, self._catalog)
            if ignored:
                raise Interruption(
                    grpc.StatusCode.INVALID_ARGUMENT,
                    f"A real server would silently do something else: {'; '.join(ignored)}.",
                )
        generation = Generation(
            request,
            effects,
            plan,
            compress=self._behaviour.compression,
            float32=self._behaviour.float32,
            active=active,
        )
        yield from generation.messages()

    def _death(self, reason: str) -> Interruption:
        if self._behaviour.strict:
            return Interruption(
                grpc.StatusCode.INVALID_ARGUMENT, f"A real server would crash: {reason}."
            )
        self._journal.add("crash", reason=reason)
        _log.warning("A real server would have crashed: %s.", reason)
        return Interruption(grpc.StatusCode.UNAVAILABLE, DEATH)

    def _hang(self, reason: str, job: Job) -> Interruption:
        """Say nothing, as a real server does for ever; this one only until the job is cancelled."""
        if self._behaviour.strict:
            return Interruption(
                grpc.StatusCode.INVALID_ARGUMENT, f"A real server would hang for ever: {reason}."
            )
        self._journal.add("crash", reason=reason)
        _log.warning("A real server would hang for ever: %s.", reason)
        self._worker.wait_for_cancel(job)
        return Interruption(grpc.StatusCode.CANCELLED, "CANCELLED")

    def _knows(self, secret: str) -> bool:
        wanted = self._behaviour.secret
        return not wanted or hmac.compare_digest(wanted.encode(), secret.encode())

    def _demand(self, secret: str, context: grpc.ServicerContext) -> None:
        if not self._knows(secret):
            context.abort(grpc.StatusCode.INTERNAL, UNKNOWN_ERROR)

    def _note(
        self,
        rpc: str,
        context: grpc.ServicerContext,
        secret: bool | None,
        **values: specifications.JsonValue,
    ) -> None:
        self._journal.add("call", rpc=rpc, peer=context.peer(), secret_present=secret, **values)
