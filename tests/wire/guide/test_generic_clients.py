"""The guide's grpcurl calls, made as grpcurl makes them: JSON in and out, messages from a schema.

One client knows the .proto file and nothing else, one asks the server itself by reflection. Neither
uses any code of ours.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, json_format
from google.protobuf.message_factory import GetMessageClass

from drawbridge.devtools.guide_server import CONTENT, SCHNELL
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
Pool = descriptor_pool.DescriptorPool
PROTO = Path(__file__).resolve().parents[3] / "proto" / "image_service.proto"
SERVICE = "ImageGenerationService"
METHODS = ("Echo", "FilesExist", "GenerateImage", "Hours", "Pubkey", "UploadFile")


class Grpcurl:
    """A client of every server: `descriptors` is all that it knows about one."""

    def __init__(self, emulator: Emulator, descriptors: Pool) -> None:
        self._address = emulator.address
        self._service: Any = descriptors.FindServiceByName(SERVICE)

    def describe(self) -> list[str]:
        """Return the names of the methods, as `grpcurl describe` lists them."""
        return sorted(method.name for method in self._service.methods)

    def call(self, method: str, *texts: str) -> list[Any]:
        """Send JSON texts, as `-d` takes them, and return the answers as JSON values."""
        known = self._service.methods_by_name[method]
        shape = "_".join(
            "stream" if streaming else "unary"
            for streaming in (known.client_streaming, known.server_streaming)
        )
        question, answer = GetMessageClass(known.input_type), GetMessageClass(known.output_type)
        messages = [json_format.Parse(text, question()) for text in texts]
        with grpc.insecure_channel(self._address) as channel:
            call = getattr(channel, shape)(
                f"/{SERVICE}/{method}",
                request_serializer=question.SerializeToString,
                response_deserializer=answer.FromString,
            )
            answered = call(iter(messages) if known.client_streaming else messages[0], timeout=30)
            answers = list(answered) if known.server_streaming else [answered]
        return [json_format.MessageToDict(message) for message in answers]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    """Compile the .proto file, as a stranger would who was given that file."""
    pytest.importorskip("grpc_tools")
    out = tmp_path_factory.mktemp("schema") / "set"
    subprocess.run(
        [
            *(sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO.parent}"),
            *(f"--descriptor_set_out={out}", PROTO.name),
        ],
        check=True,
    )
    return _pool(descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file)


def _pool(files: Any) -> Pool:
    pool = Pool()  # of its own: nothing is shared with our code
    for file in files:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def _reflected(emulator: Emulator) -> Pool:
    """Ask a server for its schema, as grpcurl does without -proto."""
    reflection = pytest.importorskip("grpc_reflection.v1alpha.reflection_pb2")

    with grpc.insecure_channel(emulator.address) as channel:
        ask = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection.ServerReflectionResponse.FromString,
        )
        request = reflection.ServerReflectionRequest(file_containing_symbol=SERVICE)
        [answer] = list(ask(iter([request]), timeout=30))
    files = answer.file_descriptor_response.file_descriptor_proto
    return _pool([descriptor_pb2.FileDescriptorProto.FromString(data) for data in files])


@pytest.fixture(params=["proto file", "reflection"])
def grpcurl(request: pytest.FixtureRequest, serve: Serve, compiled: Pool) -> Callable[..., Grpcurl]:
    """Start a server and return a client that has its schema from the file, or from the server."""

    def start(**options: Any) -> Grpcurl:
        if request.param == "reflection":
            emulator = serve(reflection=True, **options)
            return Grpcurl(emulator, _reflected(emulator))
        return Grpcurl(serve(**options), compiled)

    return start


def test_describe(grpcurl: Callable[..., Grpcurl]) -> None:
    assert grpcurl().describe() == sorted(METHODS)


def test_echo(grpcurl: Callable[..., Grpcurl]) -> None:
    [answer] = grpcurl().call("Echo", '{"name": "grpcurl-client"}')
    assert answer["message"] == "HELLO grpcurl-client"
    assert SCHNELL in answer["files"]
    models = json.loads(_decoded(answer["override"]["models"]))
    [schnell] = [model for model in models if model["file"] == SCHNELL]
    assert schnell["default_scale"] == 16  # snake case, and 16 for FLUX


def _decoded(text: str) -> bytes:
    """Return the bytes of a field: JSON has them in base64."""
    return base64.b64decode(text)


def test_echo_with_shared_secret(grpcurl: Callable[..., Grpcurl]) -> None:
    client = grpcurl(secret="SECRET")
    [right] = client.call("Echo", '{"name": "client", "sharedSecret": "SECRET"}')
    [wrong] = client.call("Echo", '{"name": "client", "sharedSecret": "GUESS"}')
    assert right["message"] == "HELLO client"
    assert wrong == {"sharedSecretMissing": True}


def test_files_exist(grpcurl: Callable[..., Grpcurl]) -> None:
    files = [SCHNELL, "qwen_image_edit_2511_q8p.ckpt", "absent.ckpt"]
    [answer] = grpcurl().call("FilesExist", json.dumps({"files": files}))
    assert answer["files"] == files
    assert answer["existences"] == [True, True, False]
    assert answer["hashes"] == ["", "", ""]


def test_files_exist_with_hashes(grpcurl: Callable[..., Grpcurl]) -> None:
    text = json.dumps({"files": [SCHNELL], "filesWithHash": [SCHNELL]})
    [answer] = grpcurl().call("FilesExist", text)
    [sha256] = answer["hashes"]
    assert _decoded(sha256) == hashlib.sha256(CONTENT).digest()


def test_calls_that_the_guide_only_lists(grpcurl: Callable[..., Grpcurl]) -> None:
    client = grpcurl()
    assert client.call("Pubkey", '{"name": "client"}') == [{}]
    assert client.call("Hours", "{}") == [{}]


def test_upload_in_one_piece(grpcurl: Callable[..., Grpcurl]) -> None:
    data = b"a very small model"
    sha256 = base64.b64encode(hashlib.sha256(data).digest()).decode()
    start = {"initRequest": {"filename": "m.ckpt", "sha256": sha256, "totalSize": len(data)}}
    piece = {"chunk": {"content": base64.b64encode(data).decode(), "filename": "m.ckpt"}}
    client = grpcurl()
    answers = client.call("UploadFile", json.dumps(start), json.dumps(piece))
    assert [answer["chunkUploadSuccess"] for answer in answers] == [True, True]
    assert answers[-1]["receivedOffset"] == str(len(data))
    [found] = client.call("FilesExist", '{"files": ["m.ckpt"]}')
    assert found["existences"] == [True]


def test_a_server_without_reflection_needs_the_proto_file(serve: Serve) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        _reflected(serve())
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_both_schemas_are_the_same(serve: Serve, compiled: Pool) -> None:
    emulator = serve(reflection=True)
    first, second = compiled, _reflected(emulator)
    assert _messages(first) == _messages(second)


def _messages(pool: Pool) -> dict[str, list[tuple[object, ...]]]:
    """Return the fields of every message: what decides about the bytes."""
    file = descriptor_pb2.FileDescriptorProto()
    pool.FindFileContainingSymbol(SERVICE).CopyToProto(file)
    assert len(file.service[0].method) == len(METHODS)
    return {
        message.name: [
            (field.name, field.number, field.type, field.type_name, field.label)
            for field in message.field
        ]
        for message in file.message_type
    }
