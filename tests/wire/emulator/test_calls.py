"""Every call but GenerateImage and UploadFile, through a real channel: answers, statuses, texts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from drawbridge.emulator.server.faults import UNKNOWN_ERROR
from drawbridge.proto import image_service_pb2 as pb2

SECRET = "open, sesame"


def test_echo_says_hello_and_lists_what_is_there(emulate: Callable, connect: Callable):
    reply = connect(emulate()).Echo(pb2.EchoRequest(name="Ada"))
    assert reply.message == "HELLO Ada"
    assert reply.serverIdentifier
    assert not reply.sharedSecretMissing
    assert not reply.HasField("thresholds")
    lists = {kind.name: json.loads(value) for kind, value in reply.override.ListFields()}
    assert {kind: len(entries) > 0 for kind, entries in lists.items()} == dict.fromkeys(
        ("models", "loras", "controlNets", "textualInversions", "upscalers"), True
    )
    assert all(None not in entry.values() for entries in lists.values() for entry in entries)
    assert {entry["file"] for entries in lists.values() for entry in entries} <= set(reply.files)


def test_echo_without_browsing_has_no_override(emulate: Callable, connect: Callable):
    reply = connect(emulate(model_browser=False)).Echo(pb2.EchoRequest(name="Ada"))
    assert reply.message == "HELLO Ada"
    assert not reply.HasField("override")
    assert not reply.files


def test_identifier_is_one_per_process_start(emulate: Callable, connect: Callable):
    emulator = emulate()
    stubs = [connect(emulator), connect(emulator), connect(emulate())]
    first, again, other = (stub.Echo(pb2.EchoRequest(name="")).serverIdentifier for stub in stubs)
    assert first == again != other


@pytest.mark.parametrize("sent", [None, "", "wrong", "open, sesame "])
def test_echo_with_a_wrong_secret_is_well_but_empty(
    emulate: Callable, connect: Callable, sent: str | None
):
    reply = connect(emulate(secret=SECRET)).Echo(pb2.EchoRequest(name="Ada", sharedSecret=sent))
    assert reply == pb2.EchoReply(sharedSecretMissing=True)


def test_echo_with_the_right_secret_says_hello(emulate: Callable, connect: Callable):
    reply = connect(emulate(secret=SECRET)).Echo(pb2.EchoRequest(name="Ada", sharedSecret=SECRET))
    assert (reply.message, reply.sharedSecretMissing) == ("HELLO Ada", False)


@pytest.mark.parametrize("wanted", [None, ""])
def test_server_without_a_secret_ignores_one(
    emulate: Callable, connect: Callable, wanted: str | None
):
    reply = connect(emulate(secret=wanted)).Echo(pb2.EchoRequest(name="Ada", sharedSecret=SECRET))
    assert reply.message == "HELLO Ada"


@pytest.mark.parametrize("sent", [None, "wrong"])
def test_other_calls_with_a_wrong_secret_are_internal_errors(
    emulate: Callable, connect: Callable, ask: Callable, sent: str | None
):
    stub = connect(emulate(secret=SECRET))
    init = pb2.FileUploadRequest(initRequest=pb2.InitUploadRequest(filename="a"), sharedSecret=sent)
    calls = [
        lambda: stub.FilesExist(pb2.FileListRequest(sharedSecret=sent)),
        lambda: list(stub.GenerateImage(ask({"sharedSecret": sent}))),
        lambda: list(stub.UploadFile(iter([init]))),
    ]
    for call in calls:
        with pytest.raises(grpc.RpcError) as error:
            call()
        assert error.value.code() is grpc.StatusCode.INTERNAL
        assert error.value.details() == UNKNOWN_ERROR


def test_every_message_of_an_upload_needs_the_secret(
    emulate: Callable, connect: Callable, tmp_path: Path
):
    stub = connect(emulate(secret=SECRET, models=tmp_path))
    init = pb2.InitUploadRequest(filename="new.ckpt", totalSize=1)
    messages = [
        pb2.FileUploadRequest(initRequest=init, sharedSecret=SECRET),
        pb2.FileUploadRequest(chunk=pb2.FileChunk(content=b"x")),
    ]
    with pytest.raises(grpc.RpcError) as error:
        list(stub.UploadFile(iter(messages)))
    assert error.value.details() == UNKNOWN_ERROR
    assert list(tmp_path.iterdir()) == []


def test_secrets_are_in_no_journal_and_no_repr(
    emulate: Callable, connect: Callable, ask: Callable, tmp_path: Path
):
    emulator = emulate(secret=SECRET, journal=tmp_path / "journal.jsonl")
    stub = connect(emulator)
    stub.Echo(pb2.EchoRequest(name="Ada", sharedSecret=SECRET))
    list(stub.GenerateImage(ask({"sharedSecret": SECRET})))
    text = (tmp_path / "journal.jsonl").read_text("utf-8") + repr(emulator.options)
    assert SECRET not in text
    assert [entry["secret_present"] for entry in emulator.journal.events("call")] == [True, True]


def test_files_exist_answers_in_order_and_hashes_what_was_asked(
    emulate: Callable, connect: Callable, tmp_path: Path
):
    (tmp_path / "mine.ckpt").write_bytes(b"content")
    files = ["mine.ckpt", "absent.ckpt", "remacri_4x_f16.ckpt", "", "mine.ckpt"]
    reply = connect(emulate(models=tmp_path, stock=True)).FilesExist(
        pb2.FileListRequest(files=files, filesWithHash=["mine.ckpt", "absent.ckpt", "unasked"])
    )
    digest = hashlib.sha256(b"content").digest()
    assert list(reply.files) == files
    assert list(reply.existences) == [True, False, True, True, True]
    assert list(reply.hashes) == [digest, b"", b"", b"", digest]


def test_pubkey_and_hours_are_empty_and_unchecked(emulate: Callable, connect: Callable):
    stub = connect(emulate(secret=SECRET))
    assert stub.Pubkey(pb2.PubkeyRequest(name="Ada")) == pb2.PubkeyResponse()
    assert stub.Hours(pb2.HoursRequest()) == pb2.HoursResponse()


def test_compressed_requests_are_unimplemented(emulate: Callable, connect: Callable):
    stub = connect(emulate())
    with pytest.raises(grpc.RpcError) as error:
        stub.Echo(pb2.EchoRequest(name="x" * 5000), compression=grpc.Compression.Gzip)
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_requests_beyond_the_limit_exhaust_resources(emulate: Callable, connect: Callable):
    stub = connect(emulate(max_receive_bytes=10_000))
    assert stub.Echo(pb2.EchoRequest(name="x" * 9_000)).message
    with pytest.raises(grpc.RpcError) as error:
        stub.Echo(pb2.EchoRequest(name="x" * 10_001))
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.value.details() == "Payload length exceeds limit (10004 > 10000)"


def test_requests_far_above_grpcs_own_limit_are_taken(emulate: Callable, connect: Callable):
    name = "x" * (20 << 20)
    assert connect(emulate()).Echo(pb2.EchoRequest(name=name)).message == f"HELLO {name}"


def test_unknown_method_is_unimplemented(emulate: Callable, connect: Callable):
    emulator = emulate()
    with grpc.insecure_channel(emulator.address) as channel:
        call = channel.unary_unary("/ImageGenerationService/Sing")
        with pytest.raises(grpc.RpcError) as error:
            call(b"")
    assert error.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_slow_echo_ends_with_its_caller(emulate: Callable, connect: Callable):
    emulator = emulate(faults=("slow-echo",))
    with pytest.raises(grpc.RpcError) as error:
        connect(emulator).Echo(pb2.EchoRequest(name="Ada"), timeout=0.1)
    assert error.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    emulator.faults = ()
    assert connect(emulator).Echo(pb2.EchoRequest(name="Ada"), timeout=30).message
