"""UploadFile through a real channel: every answer and every status of docs/protocol.md 1.7."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from drawbridge.proto import image_service_pb2 as pb2
from drawbridge.proto.service import ImageGenerationStub

DATA = bytes(range(256)) * 40
ANSWER = "File uploaded init successfully"


def init(
    name: str = "new.ckpt", size: int = len(DATA), data: bytes = DATA
) -> pb2.FileUploadRequest:
    digest = hashlib.sha256(data).digest()
    return pb2.FileUploadRequest(
        initRequest=pb2.InitUploadRequest(filename=name, sha256=digest, totalSize=size)
    )


def chunk(content: bytes, offset: int, name: str = "") -> pb2.FileUploadRequest:
    return pb2.FileUploadRequest(chunk=pb2.FileChunk(content=content, offset=offset, filename=name))


def test_upload_is_acknowledged_and_then_exists(
    emulate: Callable, connect: Callable, tmp_path: Path
):
    emulator = emulate(models=tmp_path)
    stub = connect(emulator)
    messages = [
        init(),
        chunk(DATA[:100], 0, "other"),
        pb2.FileUploadRequest(),
        chunk(DATA[100:], 100),
    ]
    answers = list(stub.UploadFile(iter(messages)))
    assert [
        (answer.chunkUploadSuccess, answer.receivedOffset, answer.message, answer.filename)
        for answer in answers
    ] == [
        (True, 0, ANSWER, "new.ckpt"),
        (True, 100, ANSWER, "other"),
        (True, len(DATA), ANSWER, ""),
    ]
    assert (tmp_path / "new.ckpt").read_bytes() == DATA
    reply = stub.FilesExist(pb2.FileListRequest(files=["new.ckpt"], filesWithHash=["new.ckpt"]))
    assert list(reply.hashes) == [hashlib.sha256(DATA).digest()]
    assert "new.ckpt" in stub.Echo(pb2.EchoRequest(name="")).files
    assert emulator.journal.wait_for_event("uploaded")["file"] == "new.ckpt"


@pytest.mark.parametrize(
    ("messages", "status", "details"),
    [
        ([], "INTERNAL", "Missing File metadata"),
        ([chunk(DATA, 0)], "INTERNAL", "Failed to create file handle"),
        ([init("../new.ckpt")], "INTERNAL", "Failed to create file handle"),
        ([init("custom.json")], "INTERNAL", "Failed to create file handle"),
        ([init("Custom_LoRA.json")], "INTERNAL", "Failed to create file handle"),
        ([init(), chunk(DATA, 5)], "DATA_LOSS", "Received chunk with unexpected offset"),
        (
            [init(), chunk(DATA[:-1], 0)],
            "INVALID_ARGUMENT",
            "uploaded file size does not match expectation "
            f"totalBytesReceived: {len(DATA) - 1} expectedFileSize:{len(DATA)}",
        ),
        ([init(data=b"else"), chunk(DATA, 0)], "DATA_LOSS", "File validation failed"),
    ],
)
def test_upload_that_is_wrong_ends_with_a_status_and_leaves_nothing(
    emulate: Callable,
    connect: Callable,
    tmp_path: Path,
    messages: list[pb2.FileUploadRequest],
    status: str,
    details: str,
):
    with pytest.raises(grpc.RpcError) as error:
        list(connect(emulate(models=tmp_path)).UploadFile(iter(messages)))
    assert error.value.code() is grpc.StatusCode[status]
    assert error.value.details() == details
    assert list(tmp_path.iterdir()) == []


def test_failed_upload_keeps_the_older_file(emulate: Callable, connect: Callable, tmp_path: Path):
    (tmp_path / "new.ckpt").write_bytes(b"old")
    with pytest.raises(grpc.RpcError):
        list(connect(emulate(models=tmp_path)).UploadFile(iter([init(), chunk(b"half", 0)])))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_upload_onto_a_folder_leaves_the_folder(
    emulate: Callable, connect: Callable, tmp_path: Path
):
    (tmp_path / "new.ckpt").mkdir()
    (tmp_path / "new.ckpt" / "inside").write_bytes(b"old")
    with pytest.raises(grpc.RpcError) as error:
        list(connect(emulate(models=tmp_path)).UploadFile(iter([init(), chunk(DATA, 0)])))
    assert error.value.details() == "Failed to create file handle"
    assert (tmp_path / "new.ckpt" / "inside").read_bytes() == b"old"


def test_upload_of_one_name_twice_at_once_tells_no_path(
    emulate: Callable, connect: Callable, tmp_path: Path
):
    stub: ImageGenerationStub = connect(emulate(models=tmp_path))
    over = threading.Event()

    def messages(wait: bool) -> Iterator[pb2.FileUploadRequest]:
        yield init()
        yield chunk(DATA, 0)
        if wait:
            over.wait(30)

    slow = stub.UploadFile(messages(True))
    assert [next(slow).receivedOffset for _ in range(2)] == [0, len(DATA)]
    assert len(list(stub.UploadFile(messages(False)))) == 2
    over.set()
    with pytest.raises(grpc.RpcError) as error:
        list(slow)
    assert error.value.code() is grpc.StatusCode.INTERNAL
    assert error.value.details() == "unknown error processing request"
    assert [path.name for path in tmp_path.iterdir()] == ["new.ckpt"]


def test_cancelled_upload_leaves_nothing(emulate: Callable, connect: Callable, tmp_path: Path):
    stub: ImageGenerationStub = connect(emulate(models=tmp_path))
    over = threading.Event()

    def messages() -> Iterator[pb2.FileUploadRequest]:
        yield init()
        yield chunk(DATA[:10], 0)
        over.wait(30)

    call = stub.UploadFile(messages())
    assert [next(call).receivedOffset for _ in range(2)] == [0, 10]
    assert [path.name for path in tmp_path.iterdir()] == ["new.ckpt.part"]
    call.cancel()
    over.set()
    gone = threading.Event()
    for _ in range(1000):
        if not list(tmp_path.iterdir()):
            gone.set()
            break
        gone.wait(0.01)
    assert gone.is_set()
