"""A server that answers with bytes as they are given, whatever they are."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures

import grpc

from drawbridge.proto import image_service_pb2 as pb2

SHORT_CALLS = ("Echo", "Hours", "Pubkey", "FilesExist")


@contextlib.contextmanager
def serving() -> Iterator[Callable[..., int]]:
    """Yield what starts a server and returns its port.

    It is called with what every short call is answered with, None for a greeting, and with the
    messages of a generation: `(short=None, stream=(), packed=True)`. They travel packed with gzip.
    """
    servers: list[grpc.Server] = []

    def start(short: bytes | None = None, stream: Iterable[bytes] = (), packed: bool = True) -> int:
        greeting = pb2.EchoReply(message="HELLO").SerializeToString()
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                lambda request, context: greeting if short is None else short
            )
            for name in SHORT_CALLS
        }
        handlers["GenerateImage"] = grpc.unary_stream_rpc_method_handler(
            lambda request, context: iter(stream)
        )
        server = grpc.server(
            futures.ThreadPoolExecutor(4),
            options=[("grpc.max_send_message_length", -1)],
            compression=grpc.Compression.Gzip if packed else None,
        )
        service = grpc.method_handlers_generic_handler("ImageGenerationService", handlers)
        server.add_generic_rpc_handlers((service,))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
        return port

    try:
        yield start
    finally:
        for server in servers:
            server.stop(None).wait()
