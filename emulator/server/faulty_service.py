"""The six calls, with what the rules of `--fault` do to them (fault_rules.py has the language)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import grpc

from ...proto import image_service_pb2 as pb2
from .fault_rules import END, Action
from .fault_streams import add_unknown_fields, change
from .faults import DEATH, UNKNOWN_ERROR, Faults
from .service import Service

_CATALOGS = {
    "cut": b'[{"file": "a.ckpt", "name": "A"',
    "deep": b"[" * 100_000,
    "empty": b"",
    "kinds": b'[{"file": 7, "name": [], "version": {}}, 3, null, "x", {"file": null}]',
    "names": b'[{"file": "../../etc/passwd", "name": "\\u0000\\u202e\\ud800", "version": "v1"}]',
    "numbers": b'[{"file": "a.ckpt", "name": "A", "version": "v1", "default_scale": 1e400}]',
    "text": b"<html><body>502 Bad Gateway</body></html>",
}


class FaultyService:
    """Passes calls on to a service, and lets go wrong in them what the rules say."""

    def __init__(
        self,
        service: Service,
        faults: Faults,
        drop: Callable[[str], None],
        restart: Callable[[float], None],
    ) -> None:
        """`drop` closes the connection of a call's peer; `restart` ends the server and has it back
        after so many seconds.
        """
        self._service = service
        self._faults = faults
        self._drop = drop
        self._restart = restart

    def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> pb2.EchoReply:
        """Say hello; its lists may be damaged."""
        actions = self._take("echo")
        if _has(actions, "demand"):
            return pb2.EchoReply(sharedSecretMissing=True)
        self._act_all(actions, context)
        reply = self._service.Echo(request, context)
        for action in actions:
            if action.verb == "catalog":
                reply.override.models = _CATALOGS[action.words[0]]
        return _answer(reply, actions)

    def FilesExist(
        self, request: pb2.FileListRequest, context: grpc.ServicerContext
    ) -> pb2.FileExistenceResponse:
        """Say which files are there."""
        actions = self._begin("files", context)
        return _answer(self._service.FilesExist(request, context), actions)

    def Pubkey(
        self, request: pb2.PubkeyRequest, context: grpc.ServicerContext
    ) -> pb2.PubkeyResponse:
        """Answer with nothing."""
        actions = self._begin("pubkey", context)
        return _answer(self._service.Pubkey(request, context), actions)

    def Hours(self, request: pb2.HoursRequest, context: grpc.ServicerContext) -> pb2.HoursResponse:
        """Answer with nothing."""
        actions = self._begin("hours", context)
        return _answer(self._service.Hours(request, context), actions)

    def UploadFile(
        self, requests: Iterator[pb2.FileUploadRequest], context: grpc.ServicerContext
    ) -> Iterator[pb2.UploadResponse]:
        """Receive one file; "after N" counts what was confirmed of it."""
        actions = self._take("upload")
        self._act(actions, None, context)
        messages = self._service.UploadFile(requests, context)
        for message in self._timed(messages, actions, context):
            if _has(actions, "deny"):
                message.chunkUploadSuccess = False
                message.message = "no"
            yield _answer(message, actions)

    def GenerateImage(
        self, request: pb2.ImageGenerationRequest, context: grpc.ServicerContext
    ) -> Iterator[pb2.ImageGenerationResponse]:
        """Generate; "after N" counts messages, and what is not "after" comes before the queue."""
        actions = self._take("generate")
        self._act(actions, None, context)
        messages = change(self._service.GenerateImage(request, context), actions)
        yield from self._timed(messages, actions, context)

    def _take(self, call: str) -> list[Action]:
        return self._faults.call(call)

    def _begin(self, call: str, context: grpc.ServicerContext) -> list[Action]:
        actions = self._take(call)
        self._act_all(actions, context)
        return actions

    def _act_all(self, actions: Sequence[Action], context: grpc.ServicerContext) -> None:
        """Do what is due in a call with one answer, which knows no "after"."""
        for after in dict.fromkeys(action.after for action in actions):
            self._act(actions, after, context)

    def _timed(
        self, messages: Iterable[Any], actions: Sequence[Action], context: grpc.ServicerContext
    ) -> Iterator[Any]:
        """Yield the messages; what goes wrong "after N" of them does it there."""
        for sent, message in enumerate(messages, 1):
            if sent == 1:
                self._act(actions, 0, context)
                if any(action.verb == "end" and not action.after for action in actions):
                    return
            yield message
            self._act(actions, sent, context)
            if any(action.verb == "end" and action.after == sent for action in actions):
                return
        self._act(actions, END, context)

    def _act(
        self, actions: Sequence[Action], after: int | None, context: grpc.ServicerContext
    ) -> None:
        """Do what is due; most of it ends the call."""
        for action in actions:
            if action.after != after:
                continue
            if action.verb == "wait":
                _pause(context, action.words[0] / 1000)
            elif action.verb == "stall":
                _pause(context, None)
                context.abort(grpc.StatusCode.CANCELLED, "CANCELLED")
            elif action.verb == "status":
                code, *details = action.words
                context.abort(code, "".join(details))
            elif action.verb == "reset":
                self._drop(context.peer())
                context.abort(grpc.StatusCode.UNAVAILABLE, DEATH)
            elif action.verb == "restart":
                self._service.identifier = secrets.randbits(64) or 1
                self._restart(action.words[0] / 1000 if action.words else 0)
                context.abort(grpc.StatusCode.UNAVAILABLE, DEATH)
            elif action.verb == "demand":
                context.abort(grpc.StatusCode.INTERNAL, UNKNOWN_ERROR)


def _has(actions: Sequence[Action], verb: str) -> bool:
    return any(action.verb == verb for action in actions)


def _answer(message: Any, actions: Sequence[Action]) -> Any:
    return add_unknown_fields(message) if _has(actions, "unknown") else message


def _pause(context: grpc.ServicerContext, seconds: float | None) -> None:
    """Wait so long, None for ever, or until the call has ended."""
    over = threading.Event()
    if context.add_callback(over.set):
        over.wait(seconds)
