"""Ports, TLS and reflection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from drawbridge.emulator.server.server import Emulator, Options
from drawbridge.emulator.server.tls import Authority, Pair
from drawbridge.errors import DrawbridgeError
from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.service import ImageGenerationStub


def echo(target: str, root: bytes | None, override: str | None = None) -> str:
    credentials = grpc.ssl_channel_credentials(root)
    options = [("grpc.ssl_target_name_override", override)] if override else []
    with grpc.secure_channel(target, credentials, options) as channel:
        return ImageGenerationStub(channel).Echo(pb2.EchoRequest(name="Ada"), timeout=20).message


@pytest.fixture(scope="module")
def secure() -> Iterator[Emulator]:
    with Emulator(Options(tls=True)) as emulator:
        yield emulator


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_tls_works_with_the_root_alone_on_this_computer(secure: Emulator, host: str):
    assert echo(f"{host}:{secure.port}", secure.certificate) == "HELLO Ada"


@pytest.mark.parametrize("override", ["localhost", "127.0.0.1"])
def test_tls_works_under_other_names_with_an_override(secure: Emulator, override: str):
    assert echo(f"127.0.0.1:{secure.port}", secure.certificate, override) == "HELLO Ada"


def test_tls_of_another_name_is_refused_by_the_client(secure: Emulator):
    with pytest.raises(grpc.RpcError) as error:
        echo(f"127.0.0.1:{secure.port}", secure.certificate, "mac.example")
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


def test_tls_without_its_root_is_refused_by_the_client(secure: Emulator):
    with pytest.raises(grpc.RpcError) as error:
        echo(f"127.0.0.1:{secure.port}", None)
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


def test_certificate_has_the_shape_of_the_real_one(secure: Emulator):
    from cryptography import x509

    root = x509.load_pem_x509_certificate(secure.certificate)
    assert secure._identity is not None
    leaf = x509.load_pem_x509_certificate(secure._identity.certificate)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert leaf.subject.rfc4514_string() == "CN=localhost"
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "*"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "0.0.0.0"]
    leaf.verify_directly_issued_by(root)
    assert b"PRIVATE" not in secure.certificate
    assert "PRIVATE" not in repr(secure._identity)


def test_plaintext_server_has_no_certificate(emulate: Callable):
    emulator = emulate()
    assert emulator.certificate == b""
    with pytest.raises(DrawbridgeError, match="plaintext"):
        emulator.new_client()


def test_certificate_is_made_for_the_names_given(emulate: Callable):
    emulator = emulate(tls=True, certificate_names=("studio.example", "127.0.0.1", "[::1]"))
    address, root = emulator.address, emulator.certificate
    for override in (None, "127.0.0.1", "studio.example", "::1"):
        assert echo(address, root, override) == "HELLO Ada"
    with pytest.raises(grpc.RpcError):
        echo(address, root, "localhost")


def test_name_that_no_certificate_can_hold_is_an_error_with_a_remedy():
    with pytest.raises(DrawbridgeError, match="münchen"):
        Emulator(Options(tls=True, certificate_names=("münchen.example",)))


def test_port_in_use_is_an_error_with_a_remedy():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DrawbridgeError, match=f"127.0.0.1:{port}"):
            Emulator(Options(port=port)).start()


def test_folder_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path):
    with pytest.raises(DrawbridgeError, match="There is no folder"):
        Emulator(Options(models=tmp_path / "absent")).start()


def test_temporary_folder_vanishes_with_the_server():
    emulator = Emulator()
    emulator.stop()  # harmless before the start
    emulator = Emulator()
    emulator.start()
    assert emulator._folder is not None
    folder = Path(emulator._folder.name)
    assert folder.is_dir()
    emulator.stop()
    assert not folder.exists()


def test_loopback_address_of_either_family(emulate: Callable):
    emulator = emulate()
    assert emulator.address == f"127.0.0.1:{emulator.port}"
    try:
        six = emulate(host="::1")
    except DrawbridgeError:
        pytest.skip("this computer has no IPv6 loopback")
    assert six.address == f"[::1]:{six.port}"


def test_reflection_names_the_service_only_if_switched_on(emulate: Callable):
    from google.protobuf import descriptor_pb2
    from grpc_reflection.v1alpha.reflection_pb2 import (
        ServerReflectionRequest,
        ServerReflectionResponse,
    )

    def ask(emulator: Emulator, request: ServerReflectionRequest) -> ServerReflectionResponse:
        with grpc.insecure_channel(emulator.address) as channel:
            call = channel.stream_stream(
                "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                request_serializer=ServerReflectionRequest.SerializeToString,
                response_deserializer=ServerReflectionResponse.FromString,
            )
            return next(iter(call(iter([request]))))

    emulator = emulate(reflection=True)
    listed = ask(emulator, ServerReflectionRequest(list_services=""))
    names = [service.name for service in listed.list_services_response.service]
    assert "ImageGenerationService" in names
    service = ServerReflectionRequest(file_containing_symbol="ImageGenerationService")
    (data,) = ask(emulator, service).file_descriptor_response.file_descriptor_proto
    file = descriptor_pb2.FileDescriptorProto.FromString(data)
    assert [len(service.method) for service in file.service] == [6]
    with pytest.raises(grpc.RpcError) as error:
        ask(emulate(), ServerReflectionRequest(list_services=""))
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_pings_of_any_frequency_are_tolerated(emulate: Callable):
    with socket.create_connection(("127.0.0.1", emulate().port), timeout=20) as connection:
        preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
        connection.sendall(preface)
        answered = 0
        for number in range(50):
            connection.sendall(bytes([0, 0, 8, 6, 0, 0, 0, 0, 0]) + number.to_bytes(8, "big"))
        data = b""
        while answered < 50:
            block = connection.recv(1 << 16)
            assert block, "the server has closed the connection"
            data += block
            while len(data) >= 9 and len(data) >= 9 + int.from_bytes(data[:3], "big"):
                assert data[3] != 7, "GOAWAY"
                answered += data[3] == 6 and data[4] == 1
                data = data[9 + int.from_bytes(data[:3], "big") :]


@pytest.mark.parametrize("path", ["/ImageGenerationService/Nope", "/Other/Echo"])
def test_call_that_does_not_exist_is_named(emulate: Callable, path: str):
    with grpc.insecure_channel(emulate().address) as channel:
        unary, stream = channel.unary_unary(path), channel.stream_stream(path)
        for call in (lambda: unary(b""), lambda: list(stream(iter([b""])))):
            with pytest.raises(grpc.RpcError) as error:
                call()
            assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED
            assert error.value.details() == f"'{path}' is not implemented"


def test_compressed_request_is_not_taken(emulate: Callable):
    with grpc.insecure_channel(emulate().address, compression=grpc.Compression.Gzip) as channel:
        stub = ImageGenerationStub(channel)
        with pytest.raises(grpc.RpcError) as error:
            stub.Echo(pb2.EchoRequest(name="a" * 4096), timeout=20)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_dying_server_drops_the_connection(emulate: Callable):
    emulator = emulate()
    request = pb2.ImageGenerationRequest(scaleFactor=1)  # without a configuration
    with grpc.insecure_channel(emulator.address) as channel:
        stub = ImageGenerationStub(channel)
        waiting = stub.UploadFile(iter(lambda: threading.Event().wait(), None))
        with pytest.raises(grpc.RpcError) as error:
            list(stub.GenerateImage(request))
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
        with pytest.raises(grpc.RpcError) as error:
            list(waiting)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE  # what else it carried died too
    alone = [("grpc.use_local_subchannel_pool", 1)]
    with grpc.insecure_channel(emulator.address, options=alone) as channel:
        stub = ImageGenerationStub(channel)
        assert stub.Echo(pb2.EchoRequest(name="Ada"), timeout=30).message == "HELLO Ada"
    assert "configuration" in str(emulator.journal.events("crash")[0]["reason"])


def test_certificate_of_ones_own_is_shown(emulate: Callable):
    authority = Authority()
    emulator = emulate(tls=True, identity=authority.server(("studio.example", "127.0.0.1")))
    assert echo(emulator.address, authority.root, "studio.example") == "HELLO Ada"
    assert emulator.certificate == b""
    with pytest.raises(grpc.RpcError):
        echo(emulator.address, Authority().root, "studio.example")


def test_certificate_without_its_key_is_an_error_with_a_remedy():
    authority = Authority()
    pair = Pair(authority.server().certificate, authority.server().key)
    with pytest.raises(DrawbridgeError, match="belongs to it"):
        Emulator(Options(tls=True, identity=pair))
