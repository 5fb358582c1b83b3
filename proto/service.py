"""The service's method table: a client's stub and a server's handler, from the descriptor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.message_factory import GetMessageClass

from . import image_service_pb2

SERVICE: Any = image_service_pb2.DESCRIPTOR.services_by_name["ImageGenerationService"]


def _shape(method: Any) -> str:
    sent = "stream" if method.client_streaming else "unary"
    received = "stream" if method.server_streaming else "unary"
    return f"{sent}_{received}"


class ImageGenerationStub:
    """Callables named like the methods of the service, over a `grpc` or a `grpc.aio` channel."""

    Echo: Any
    FilesExist: Any
    GenerateImage: Any
    Hours: Any
    Pubkey: Any
    UploadFile: Any

    def __init__(
        self,
        channel: Any,
        serialize: Callable[[Any], bytes] | None = None,
        reader: Callable[[Any], Callable[[bytes], Any]] | None = None,
    ) -> None:
        """`serialize` turns each request into bytes, in place of its own method; `reader` returns
        what reads the answers of a class, in place of its FromString.
        """
        for method in SERVICE.methods:
            answer = GetMessageClass(method.output_type)
            call = getattr(channel, _shape(method))(
                f"/{SERVICE.full_name}/{method.name}",
                request_serializer=serialize
                or GetMessageClass(method.input_type).SerializeToString,
                response_deserializer=answer.FromString if reader is None else reader(answer),
            )
            setattr(self, method.name, call)


def generic_handler(servicer: object) -> grpc.GenericRpcHandler:
    """Serve the methods that `servicer` defines; the others answer UNIMPLEMENTED."""
    handlers = {}
    for method in SERVICE.methods:
        behaviour = getattr(servicer, method.name, None)
        if behaviour is not None:
            handlers[method.name] = getattr(grpc, f"{_shape(method)}_rpc_method_handler")(
                behaviour,
                request_deserializer=GetMessageClass(method.input_type).FromString,
                response_serializer=GetMessageClass(method.output_type).SerializeToString,
            )
    return grpc.method_handlers_generic_handler(SERVICE.full_name, handlers)
