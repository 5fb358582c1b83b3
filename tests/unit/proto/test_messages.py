"""Names, numbers and types of the messages are the server's."""

from __future__ import annotations

import pytest

from drawbridge.proto import image_service_pb2 as pb
from drawbridge.proto.service import SERVICE, ImageGenerationStub


def numbers(message: str) -> dict[str, int]:
    descriptor = pb.DESCRIPTOR.message_types_by_name[message]
    return {field.name: field.number for field in descriptor.fields}


def test_every_message_of_the_service_is_there() -> None:
    assert set(pb.DESCRIPTOR.message_types_by_name) == {
        *("EchoRequest", "ComputeUnitThreshold", "EchoReply", "FileListRequest"),
        *("FileExistenceResponse", "MetadataOverride", "ImageGenerationRequest", "HintProto"),
        *("TensorAndWeight", "ImageGenerationSignpostProto", "RemoteDownloadResponse"),
        *("ImageGenerationResponse", "FileChunk", "InitUploadRequest", "UploadResponse"),
        *("FileUploadRequest", "PubkeyRequest", "PubkeyResponse", "HoursRequest", "HoursResponse"),
    }


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            "ImageGenerationRequest",
            {
                **{"image": 1, "scaleFactor": 2, "mask": 3, "hints": 4, "prompt": 5},
                **{"negativePrompt": 6, "configuration": 7, "override": 8, "keywords": 9},
                **{"user": 10, "device": 11, "contents": 12, "sharedSecret": 13, "chunked": 14},
            },
        ),
        (
            "ImageGenerationResponse",
            {
                **{"generatedImages": 1, "currentSignpost": 2, "signposts": 3, "previewImage": 4},
                **{"scaleFactor": 5, "tags": 6, "downloadSize": 7, "chunkState": 8},
                **{"remoteDownload": 9, "generatedAudio": 10},
            },
        ),
        (
            "EchoReply",
            {
                **{"message": 1, "files": 2, "override": 3, "sharedSecretMissing": 4},
                **{"thresholds": 5, "serverIdentifier": 6},
            },
        ),
        ("FileUploadRequest", {"initRequest": 1, "chunk": 2, "sharedSecret": 3}),
        (
            "MetadataOverride",
            {"models": 1, "loras": 2, "controlNets": 3, "textualInversions": 4, "upscalers": 5},
        ),
    ],
)
def test_fields_have_the_servers_numbers(message: str, expected: dict[str, int]) -> None:
    assert numbers(message) == expected


def test_signposts_are_one_of_nine() -> None:
    signpost = pb.ImageGenerationSignpostProto(secondPassSampling={"step": 3})
    assert signpost.WhichOneof("signpost") == "secondPassSampling"
    assert list(numbers("ImageGenerationSignpostProto").values()) == list(range(1, 10))


def test_service_path_has_no_package() -> None:
    paths = []

    class Channel:
        def __getattr__(self, shape: str):
            return lambda path, **_: paths.append((shape, path))

    ImageGenerationStub(Channel())
    assert SERVICE.full_name == "ImageGenerationService"
    assert sorted(paths) == [
        ("stream_stream", "/ImageGenerationService/UploadFile"),
        ("unary_stream", "/ImageGenerationService/GenerateImage"),
        ("unary_unary", "/ImageGenerationService/Echo"),
        ("unary_unary", "/ImageGenerationService/FilesExist"),
        ("unary_unary", "/ImageGenerationService/Hours"),
        ("unary_unary", "/ImageGenerationService/Pubkey"),
    ]
