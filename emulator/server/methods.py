"""The calls that a server takes, and its answer to unknown ones.

gRPC's own library has other words for a call that does not exist, for bytes that are no message and
for too many of them, so all three are answered here, in those of a real server (docs/protocol.md
1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from ...proto.service import SERVICE
from .faults import UNKNOWN_ERROR


class Methods(grpc.GenericRpcHandler):
    """Finds the method of every call on `servicer`. Has to be the last of a server's handlers."""

    def __init__(self, servicer: object, most_bytes: int) -> None:
        """`most_bytes` is what a message may have."""
        self._handlers = {
            f"/{SERVICE.full_name}/{method.name}": _handler(
                method, getattr(servicer, method.name), most_bytes
            )
            for method in SERVICE.methods
        }

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """Return what answers a call."""
        path = str(handler_call_details.method)
        return self._handlers.get(path) or _refusal(f"'{path}' is not implemented")


def _handler(method: Any, behaviour: Callable[..., Any], most_bytes: int) -> grpc.RpcMethodHandler:
    kind = GetMessageClass(method.input_type)
    serialize = GetMessageClass(method.output_type).SerializeToString

    def parse(request: bytes, context: grpc.ServicerContext) -> Any:
        if len(request) > most_bytes:
            words = f"Payload length exceeds limit ({len(request)} > {most_bytes})"
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, words)
        try:
            return kind.FromString(request)
        except DecodeError:
            context.abort(grpc.StatusCode.INTERNAL, UNKNOWN_ERROR)

    def answer(request: bytes, context: grpc.ServicerContext) -> Any:
        return behaviour(parse(request, context), context)

    def answer_many(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[Any]:
        yield from behaviour((parse(request, context) for request in requests), context)

    def stream(request: bytes, context: grpc.ServicerContext) -> Iterator[Any]:
        yield from behaviour(parse(request, context), context)

    if method.client_streaming:
        return grpc.stream_stream_rpc_method_handler(answer_many, response_serializer=serialize)
    if method.server_streaming:
        return grpc.unary_stream_rpc_method_handler(stream, response_serializer=serialize)
    return grpc.unary_unary_rpc_method_handler(answer, response_serializer=serialize)


def _refusal(details: str) -> grpc.RpcMethodHandler:
    def refuse(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        context.abort(grpc.StatusCode.UNIMPLEMENTED, details)
        yield from ()

    return grpc.stream_stream_rpc_method_handler(refuse)
