"""What keeps a client from a server, made on loopback, and the words for it."""

from __future__ import annotations

import asyncio
import dataclasses
import http.server
import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest

from drawbridge import errors
from drawbridge.client.client import DrawThingsClient
from drawbridge.client.connection import channel
from drawbridge.client.connection.endpoint import Endpoint
from drawbridge.client.connection.limits import MOST_SHORT_BYTES
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.credentials import Secret
from drawbridge.emulator.server.server import Emulator
from drawbridge.errors import DrawbridgeError
from drawbridge.proto import image_service_pb2 as pb2

_SECRET = "sesame-4711"


async def _failure(endpoint: Endpoint, **options: Any) -> DrawbridgeError:
    with pytest.raises(DrawbridgeError) as caught:
        async with DrawThingsClient(endpoint, **options) as client:
            await client.echo()
    assert str(endpoint.address) in caught.value.problem or endpoint.host in caught.value.problem
    return caught.value


class _Greeter:
    def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> pb2.EchoReply:
        return pb2.EchoReply(message=f"HELLO {request.name}", serverIdentifier=7)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken, so nobody else gets it, and at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_a_host_that_does_not_exist_is_named() -> None:
    error = await _failure(Endpoint("no-such-mac.invalid"))
    assert type(error) is errors.ServerUnreachable
    assert "No computer is called no-such-mac.invalid" in error.problem


@pytest.mark.parametrize("transport", [Transport.PLAINTEXT, Transport.DRAW_THINGS])
async def test_a_closed_port_says_that_nothing_listens(
    closed_port: int, transport: Transport
) -> None:
    error = await _failure(Endpoint("127.0.0.1", closed_port, transport))
    assert type(error) is errors.ServerUnreachable
    assert error.problem == f"Nothing listens at 127.0.0.1:{closed_port}."
    assert "API Server" in error.remedy


async def test_a_server_started_after_a_failure_is_reached_at_once(
    emulate: Callable[..., Emulator], door: Callable[..., Endpoint]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        await _failure(Endpoint("127.0.0.1", port, Transport.PLAINTEXT))
    async with DrawThingsClient(door(emulate(port=port))) as client:
        assert (await client.echo()).message


@pytest.mark.parametrize("transport", [Transport.PLAINTEXT, Transport.DRAW_THINGS])
async def test_a_listener_that_says_nothing_is_no_server(transport: Transport) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        endpoint = Endpoint("127.0.0.1", listener.getsockname()[1], transport)
        error = await _failure(endpoint, connect_timeout_seconds=0.3)
    assert type(error) is errors.ServerUnreachable
    assert "accepts connections" in error.problem


async def test_encryption_towards_a_plaintext_server_names_both_switches(
    emulate: Callable[..., Emulator],
) -> None:
    error = await _failure(Endpoint("127.0.0.1", emulate().port))
    assert type(error) is errors.TlsMismatch
    assert "does not encrypt" in error.problem
    assert "'plaintext'" in error.remedy
    assert "Transport Layer Security" in error.remedy


async def test_plaintext_towards_an_encrypting_server_names_both_switches(
    emulate: Callable[..., Emulator],
) -> None:
    error = await _failure(Endpoint("127.0.0.1", emulate(tls=True).port, Transport.PLAINTEXT))
    assert type(error) is errors.TlsMismatch
    assert "encrypts, but" in error.problem
    assert "'Draw Things certificate'" in error.remedy
    assert "--no-tls" in error.remedy


@pytest.mark.parametrize("transport", [Transport.DRAW_THINGS, Transport.SYSTEM])
async def test_a_certificate_of_another_authority_is_told(
    emulate: Callable[..., Emulator], transport: Transport
) -> None:
    error = await _failure(Endpoint("127.0.0.1", emulate(tls=True).port, transport))
    assert type(error) is errors.TlsMismatch
    assert f"{transport.value!r} does not trust" in error.problem


@pytest.mark.parametrize(
    ("name", "start", "end", "words"),
    [
        ("studio.example", -2, 2, "made for another name than 127.0.0.1"),
        ("127.0.0.1", -4, -2, "has expired"),
        ("127.0.0.1", 2, 4, "is not valid yet"),
    ],
)
async def test_a_certificate_that_does_not_fit_is_told(
    serve: Callable[..., Endpoint],
    identify: Callable[..., Any],
    name: str,
    start: int,
    end: int,
    words: str,
) -> None:
    identity = identify(name, start, end)
    endpoint = dataclasses.replace(
        serve(_Greeter(), identity),
        transport=Transport.OWN_CA,
        certificate=identity.root,
    )
    error = await _failure(endpoint)
    assert type(error) is errors.TlsMismatch
    assert words in error.problem


async def test_the_shared_certificate_serves_any_address(
    serve: Callable[..., Endpoint],
    identify: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    identity = identify("localhost")
    monkeypatch.setattr(channel, "draw_things_root", lambda: identity.root)
    endpoint = serve(_Greeter(), identity)
    endpoint = dataclasses.replace(endpoint, transport=Transport.DRAW_THINGS)
    async with DrawThingsClient(endpoint) as client:
        assert (await client.echo()).server_identifier == 7


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_own_authority_is_trusted_for_the_hosts_it_names(
    serve: Callable[..., Endpoint], identify: Callable[..., Any], host: str
) -> None:
    identity = identify(host)
    port = serve(_Greeter(), identity).port
    pem: bytes = identity.root
    async with DrawThingsClient(Endpoint(host, port, Transport.OWN_CA, pem)) as client:
        assert (await client.echo()).message == "HELLO Drawbridge"


async def test_a_name_with_addresses_of_two_kinds_reaches_the_one_that_listens(
    serve: Callable[..., Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def both(endpoint: Endpoint) -> list[str]:
        return ["::1", "127.0.0.1"]

    monkeypatch.setattr(channel, "resolve", both)
    async with DrawThingsClient(serve(_Greeter())) as client:
        assert (await client.echo()).server_identifier == 7


async def test_a_web_server_at_the_port_is_told_from_a_grpc_server() -> None:
    class Quiet(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            error = await _failure(Endpoint("127.0.0.1", server.server_port, Transport.PLAINTEXT))
        finally:
            server.shutdown()
            thread.join()
    assert type(error) is errors.ProtocolMismatch
    assert "web server" in error.problem
    assert "gRPC, not HTTP" in error.remedy


async def test_an_encrypted_web_server_is_told_from_a_grpc_server(
    identify: Callable[..., Any], tmp_path: Path
) -> None:
    identity = identify()
    (tmp_path / "pair.pem").write_bytes(identity.certificate + identity.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pair.pem")
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            error = await _failure(
                Endpoint("127.0.0.1", server.server_port, Transport.OWN_CA, identity.root)
            )
        finally:
            server.shutdown()
            thread.join()
    assert type(error) is errors.ProtocolMismatch
    assert "web server" in error.problem


async def test_a_grpc_server_of_another_kind_does_not_know_the_call(
    serve: Callable[..., Endpoint],
) -> None:
    error = await _failure(serve(object()))
    assert type(error) is errors.ProtocolMismatch
    assert "does not know this call" in error.problem


async def test_bytes_that_are_no_message_are_a_protocol_mismatch() -> None:
    handler = grpc.unary_unary_rpc_method_handler(lambda request, context: b"\xff\xff\xff")
    server = grpc.server(futures.ThreadPoolExecutor(2))
    service = grpc.method_handlers_generic_handler("ImageGenerationService", {"Echo": handler})
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        error = await _failure(Endpoint("127.0.0.1", port, Transport.PLAINTEXT))
    finally:
        server.stop(None).wait()
    assert type(error) is errors.ProtocolMismatch
    assert "cannot be read" in error.problem


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, errors.RequestRejected),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, errors.ServerBusy),
        (grpc.StatusCode.INTERNAL, errors.ProtocolMismatch),
        (grpc.StatusCode.CANCELLED, errors.ProtocolMismatch),
    ],
)
async def test_a_status_of_a_short_call_is_translated(
    serve: Callable[..., Endpoint], code: grpc.StatusCode, kind: type[DrawbridgeError]
) -> None:
    class Refuser:
        def Echo(self, request: object, context: grpc.ServicerContext) -> None:
            context.abort(code, f"no, {_SECRET}\nis wrong")

    endpoint = dataclasses.replace(serve(Refuser()), secret=Secret(_SECRET))
    error = await _failure(endpoint)
    assert type(error) is kind
    assert "no, *** is wrong" in error.problem
    assert _SECRET not in "".join(traceback.format_exception(error))


async def test_a_server_too_busy_to_answer_is_not_called_unreachable(
    emulate: Callable[..., Emulator], door: Callable[..., Endpoint]
) -> None:
    emulator = emulate(faults=("slow-echo",))
    async with DrawThingsClient(door(emulator)) as client:
        with pytest.raises(errors.ServerBusy, match=r"did not answer within 0\.2 seconds"):
            await client.echo(0.2)


@pytest.mark.parametrize(("sent", "words"), [("wrong", "does not accept"), (None, "none was sent")])
async def test_a_wrong_secret_is_found_before_anything_else_is_sent(
    emulate: Callable[..., Emulator],
    door: Callable[..., Endpoint],
    sent: str | None,
    words: str,
) -> None:
    emulator = emulate(secret=_SECRET)
    async with DrawThingsClient(door(emulator, sent)) as client:
        with pytest.raises(errors.SecretRejected, match=words):
            await client.files_exist(["a.ckpt"])
    assert [entry["rpc"] for entry in emulator.journal.events("call")] == ["Echo"]


async def test_the_secret_goes_with_every_message_and_shows_nowhere(
    emulate: Callable[..., Emulator],
    door: Callable[..., Endpoint],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    emulator = emulate(secret=_SECRET)
    async with DrawThingsClient(door(emulator, _SECRET)) as client:
        await client.echo()
        await client.files_exist(["a.ckpt"])
        assert _SECRET not in repr(vars(client))
    calls = emulator.journal.events("call")
    assert [(call["rpc"], call["secret_present"]) for call in calls] == [
        ("Echo", True),
        ("FilesExist", True),
    ]
    assert _SECRET not in caplog.text


async def test_a_server_with_model_browsing_tells_what_it_has(
    emulate: Callable[..., Emulator], door: Callable[..., Endpoint]
) -> None:
    async with DrawThingsClient(door(emulate()), name="studio") as client:
        info = await client.echo()
    assert info.message == "HELLO studio"
    assert info.server_identifier
    assert info.catalog is not None
    assert info.catalog.models
    assert len(info.files) == len(set(info.files)) > 0
    assert info.thresholds is None


async def test_a_server_without_model_browsing_has_no_catalog(
    emulate: Callable[..., Emulator], door: Callable[..., Endpoint]
) -> None:
    async with DrawThingsClient(door(emulate(model_browser=False))) as client:
        info = await client.echo()
    assert (info.catalog, info.files) == (None, ())


async def test_files_are_asked_for_in_their_order_with_hashes_where_known(
    emulate: Callable[..., Emulator], door: Callable[..., Endpoint]
) -> None:
    emulator = emulate()
    async with DrawThingsClient(door(emulator)) as client:
        known = (await client.echo()).files[0]
        names = [known, "no_such_file.ckpt", known]
        found = await client.files_exist(names)
        assert [(file.name, file.exists) for file in found] == [
            *((known, True), ("no_such_file.ckpt", False), (known, True))
        ]
        hashed = await client.files_exist(names, with_hashes=True)
        assert [len(file.sha256) for file in hashed][1] == 0
        assert await client.hours() is None
        assert await client.pubkey() == ""


async def test_an_answer_for_fewer_files_is_a_protocol_mismatch(
    serve: Callable[..., Endpoint],
) -> None:
    class Forgetful(_Greeter):
        def FilesExist(self, request: object, context: object) -> pb2.FileExistenceResponse:
            return pb2.FileExistenceResponse(files=["a"], existences=[True])

    async with DrawThingsClient(serve(Forgetful())) as client:
        with pytest.raises(errors.ProtocolMismatch, match="1 of 2 files"):
            await client.files_exist(["a", "b"])


async def test_calls_at_once_share_one_connection(serve: Callable[..., Endpoint]) -> None:
    peers: set[str] = set()

    class Watcher(_Greeter):
        def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> pb2.EchoReply:
            peers.add(context.peer())
            return super().Echo(request, context)

    async with DrawThingsClient(serve(Watcher())) as client:
        await asyncio.gather(*(client.echo() for _ in range(5)))
    assert len(peers) == 1


async def test_a_cancelled_echo_leaves_nothing_behind(
    emulate: Callable[..., Emulator], door: Callable[..., Endpoint]
) -> None:
    emulator = emulate(faults=("slow-echo",))
    async with DrawThingsClient(door(emulator)) as client:
        task = asyncio.create_task(client.echo())
        await asyncio.to_thread(emulator.journal.wait_for_event, "call")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_closing_the_client_fails_its_calls_without_cancelling_their_tasks(
    emulate: Callable[..., Emulator], door: Callable[..., Endpoint]
) -> None:
    emulator = emulate(faults=("slow-echo",))
    client = DrawThingsClient(door(emulator))
    task = asyncio.create_task(client.echo())
    await asyncio.to_thread(emulator.journal.wait_for_event, "call")
    await client.close()
    await asyncio.wait({task}, timeout=5)
    assert task.done()
    assert not task.cancelled()
    assert isinstance(task.exception(), errors.ServerUnreachable)


async def test_what_a_server_says_is_made_harmless(serve: Callable[..., Endpoint]) -> None:
    class Rude:
        def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> pb2.EchoReply:
            message = f"\x1b[2J\x07HELLO\n{request.sharedSecret} <b>{'x' * 9999}"
            files = ["plain.ckpt", "\x1b[2J.ckpt", "a" * 300, "\u202egnp.ckpt"]
            return pb2.EchoReply(message=message, files=files)

        def Hours(self, request: pb2.HoursRequest, context: grpc.ServicerContext) -> None:
            context.abort(grpc.StatusCode.NOT_FOUND, "no\x1b[2J\x9b\u202ehours")

    endpoint = dataclasses.replace(serve(Rude()), secret=Secret(_SECRET))
    async with DrawThingsClient(endpoint) as client:
        info = await client.echo()
        with pytest.raises(DrawbridgeError) as caught:
            await client.hours()
    assert info.message.startswith("[2J HELLO *** <b>xxx")
    assert len(info.message) < 400
    assert info.files == ("plain.ckpt",)
    assert '("no [2J hours")' in caught.value.problem


async def test_a_greeting_beyond_all_measure_is_refused(serve: Callable[..., Endpoint]) -> None:
    class Flood:
        def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> pb2.EchoReply:
            return pb2.EchoReply(message="x" * (MOST_SHORT_BYTES + 1))

    error = await _failure(serve(Flood()))
    assert type(error) is errors.ProtocolMismatch
    assert "answers with more than 16 MiB at once" in error.problem


async def test_wait_that_was_not_waited_is_not_told(serve: Callable[..., Endpoint]) -> None:
    class Impatient:
        def Echo(self, request: pb2.EchoRequest, context: grpc.ServicerContext) -> None:
            context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "no time")

    error = await _failure(serve(Impatient()))
    assert "within" not in error.problem
    assert "DEADLINE_EXCEEDED" in error.problem
    assert "no time" in error.problem


async def test_listener_that_hangs_up_at_once_is_told_without_a_wait() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await _failure(Endpoint("127.0.0.1", port, Transport.PLAINTEXT))
    assert "within" not in error.problem


@pytest.mark.parametrize("answer", [b"", b"\x00\xff no TLS at all\r\n"], ids=["drops", "garbage"])
async def test_who_breaks_off_a_handshake_is_not_said_to_leave_encryption_out(
    answer: bytes,
) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await _failure(Endpoint("127.0.0.1", port))
    assert type(error) is errors.ServerUnreachable
    assert "does not encrypt" not in error.problem
    assert ("closes them" in error.problem) is (not answer)
