"""The pictures of a message are found in its bytes, and all else is as protobuf reads it."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from drawbridge.client.connection import answer
from drawbridge.proto import image_service_pb2

Response = image_service_pb2.ImageGenerationResponse


def _agrees(data: bytes) -> None:
    """Hold that some bytes are read as protobuf reads them."""
    try:
        expected = Response.FromString(data)
    except DecodeError:
        with pytest.raises(DecodeError):
            answer.read(data)
        return
    found = answer.read(data)
    assert found.images == list(expected.generatedImages)
    expected.ClearField("generatedImages")
    assert found.message.SerializeToString() == expected.SerializeToString()


@given(st.lists(st.binary(max_size=300), max_size=4), st.binary(max_size=9), st.integers(0, 9))
def test_a_message_is_read_as_protobuf_reads_it(
    images: list[bytes], preview: bytes, factor: int
) -> None:
    message = Response(generatedImages=images, previewImage=preview, scaleFactor=factor)
    message.signposts.add().sampling.step = 3
    _agrees(message.SerializeToString())


@given(st.lists(st.sampled_from([bytes([n]) for n in (*range(32), 0x80, 0xFF)]), max_size=12))
@example([b"\x0b", b"\x0a\x01a", b"\x0c"])  # a group, in which field 1 is no picture
@example([b"\x0a\x01a", b"\x0a\x05ab"])  # cut off
@example([b"\x8a\x00\x01a", b"\x0a\x00"])  # a tag in two bytes
@example([b"\x08\x01", b"\x0a\x01a"])  # a number in the pictures' place
def test_any_bytes_are_read_as_protobuf_reads_them(parts: list[bytes]) -> None:
    _agrees(b"".join(parts))


def test_pictures_stay_where_they_came() -> None:
    data = Response(generatedImages=[b"x" * 300], scaleFactor=2).SerializeToString()
    [image] = answer.read(data).images
    assert image.obj is data
