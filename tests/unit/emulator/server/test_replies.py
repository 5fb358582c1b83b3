"""How results are cut into messages, byte for byte, and how they are encoded."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from drawbridge.codec import tensor
from drawbridge.emulator.server import replies
from drawbridge.emulator.server.replies import SLICE_BYTES
from drawbridge.proto import image_service_pb2 as pb2

MORE, LAST = pb2.MORE_CHUNKS, pb2.LAST_CHUNK


def cut(images: list[bytes], audio: list[bytes], *, chunked: bool) -> list[tuple[int, int]]:
    """Return size and state of every piece, after checking what every message has."""
    messages = list(replies.results(images, audio, 2, chunked=chunked))
    assert messages[0].downloadSize == sum(map(len, images))
    assert not messages[0].generatedImages
    pieces = []
    for message in messages[1:]:
        assert len(message.generatedImages) + len(message.generatedAudio) == 1
        assert message.HasField("scaleFactor") == bool(message.generatedImages)
        (piece,) = [*message.generatedImages, *message.generatedAudio]
        pieces.append((len(piece), message.chunkState))
    whole = b"".join(message.generatedImages[0] for message in messages if message.generatedImages)
    assert whole == b"".join(images)
    return pieces


@pytest.mark.parametrize(
    ("sizes", "pieces"),
    [
        ([SLICE_BYTES], [(SLICE_BYTES, LAST)]),
        ([SLICE_BYTES - 1], [(SLICE_BYTES - 1, LAST)]),
        ([SLICE_BYTES + 1], [(SLICE_BYTES, MORE), (1, LAST)]),
        ([2 * SLICE_BYTES], [(SLICE_BYTES, MORE), (SLICE_BYTES, LAST)]),
        ([SLICE_BYTES, 1], [(SLICE_BYTES, LAST), (1, LAST)]),
        (
            [10, SLICE_BYTES + 5, 20],
            [(10, LAST), (SLICE_BYTES, MORE), (5, LAST), (20, LAST)],
        ),
    ],
)
def test_chunked_images_are_cut_at_exactly_four_mebibytes(sizes: list[int], pieces: list):
    images = [bytes([index]) * size for index, size in enumerate(sizes)]
    assert cut(images, [], chunked=True) == pieces


def test_unchunked_images_are_never_cut():
    assert cut([b"x" * (SLICE_BYTES + 1)], [], chunked=False) == [(SLICE_BYTES + 1, LAST)]


def test_sound_is_cut_only_where_the_images_are_large():
    sound = b"s" * (SLICE_BYTES + 1)
    assert cut([b"i"], [sound], chunked=True) == [(1, LAST), (SLICE_BYTES + 1, LAST)]
    large = b"i" * (SLICE_BYTES + 1)
    assert cut([large], [sound], chunked=True)[2:] == [(SLICE_BYTES, MORE), (1, LAST)]


def test_no_images_are_one_message_without_a_size():
    messages = list(replies.results([], [], 1, chunked=True))
    assert messages == [pb2.ImageGenerationResponse(scaleFactor=1)]


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("float32", [True, False])
def test_encode_gives_float16_values_in_the_servers_type(compress: bool, float32: bool):
    ramp = np.linspace(-1.1, 1.1, 64 * 64 * 3, dtype=np.float32).reshape(1, 64, 64, 3)
    data = replies.encode(ramp, compress=compress, float32=float32)
    identifier, _, form, datatype = struct.unpack("<4I", data[:16])
    assert (identifier, form) == (0xF7217 if compress else 0, 2)
    assert datatype == (0x4000 if float32 else 0x20000)
    assert np.array_equal(tensor.decode(data), ramp.astype(np.float16))


def test_encode_of_noise_stays_raw():
    noise = np.random.default_rng(1).normal(0, 1, (1, 32, 32, 16))
    data = replies.encode(noise, compress=True, float32=False)
    assert data[:4] == b"\0\0\0\0"
    assert len(data) == 68 + 2 * noise.size


def test_encode_audio_is_planar_float32():
    sound = np.zeros((2, 480), np.float32)
    data = replies.encode_audio(sound, compress=False)
    assert struct.unpack("<4I", data[:16]) == (0, 1, 1, 0x4000)
    assert tensor.decode(data).shape == (2, 480)
