"""The public guide's form: told apart, read, written."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from drawbridge.codec import image, public_guide
from drawbridge.codec.tensor import Codec, decode, encode
from drawbridge.errors import BadTensor, Cancelled

PLANES = np.linspace(-1, 1, 3 * 5 * 8, dtype=np.float32).reshape(3, 5, 8)


def as_the_guide_packs(array: np.ndarray) -> bytes:
    dims = b"".join(struct.pack("<I", side) for side in array.shape)
    return struct.pack("<BB", 1, array.ndim) + dims + zlib.compress(array.tobytes())


def test_picture_comes_out_with_its_own_dims_and_as_an_image() -> None:
    got = decode(as_the_guide_packs(PLANES))
    assert got.dtype == np.float32
    assert np.array_equal(got, PLANES)
    pictures = image.from_wire(got)
    assert pictures.shape == (1, 5, 8, 3)
    np.testing.assert_allclose(
        pictures[0].numpy(), np.moveaxis((PLANES + 1) / 2, 0, -1), rtol=0, atol=2**-20
    )


def test_mask_is_told_from_floats_by_its_length() -> None:
    mask = (np.arange(40, dtype=np.uint8).reshape(1, 5, 8) > 9) * np.uint8(255)
    got = decode(as_the_guide_packs(mask))
    assert got.dtype == np.uint8
    assert np.array_equal(got, mask)


def test_fpzip_flag_is_read() -> None:
    halves = np.repeat(PLANES.astype(np.float16), 20, axis=1)
    stream = encode(halves, Codec.FPZIP)[68:]
    assert stream[:4] == b"fpy)"
    for flags in (2, 3):
        data = struct.pack("<BB3I", flags, 3, *halves.shape) + stream
        got = decode(data)
        assert got.dtype == np.float32
        assert np.array_equal(got, halves)


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int32, np.float16, np.float32]),
        hnp.array_shapes(max_dims=5, max_side=5),
    ),
    st.sampled_from([Codec.RAW, Codec.DEFLATE]),
)
@settings(max_examples=100)
def test_tensor_of_the_wire_is_never_taken_for_the_guide_s(array, codec) -> None:
    assert not public_guide.recognises(encode(array, codec))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\1",
        b"\1\3",
        struct.pack("<BB3I", 1, 3, 3, 4, 4),
        struct.pack("<BB3I", 1, 3, 3, 0, 4) + zlib.compress(b""),
        struct.pack("<BB", 1, 0) + zlib.compress(b""),
        struct.pack("<BB5I", 1, 5, 1, 1, 1, 1, 1) + zlib.compress(bytes(4)),
        struct.pack("<BB3I", 4, 3, 3, 1, 1) + zlib.compress(bytes(12)),
        struct.pack("<BB3I", 1, 3, 3, 1, 1) + b"no zlib stream",
        struct.pack("<BB3I", 3, 3, 3, 1, 1) + zlib.compress(bytes(12)),
    ],
)
def test_what_only_resembles_the_form_is_not_recognised(data: bytes) -> None:
    assert not public_guide.recognises(data)
    with pytest.raises(BadTensor):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<BB3I", 1, 3, 3, 5, 8) + zlib.compress(bytes(479)),
        struct.pack("<BB3I", 1, 3, 3, 5, 8) + zlib.compress(bytes(481)),
        struct.pack("<BB3I", 1, 3, 3, 5, 8) + zlib.compress(bytes(240)),
        as_the_guide_packs(PLANES)[:-9],
        as_the_guide_packs(PLANES)[:60] + b"damage" + as_the_guide_packs(PLANES)[66:],
        struct.pack("<BB3I", 1, 3, 3, 1 << 14, 1 << 14) + zlib.compress(bytes(99)),
        struct.pack("<BB4I", 1, 4, *[(1 << 32) - 1] * 4) + zlib.compress(bytes(99)),
    ],
)
def test_damage_in_the_form_is_a_bad_tensor(data: bytes) -> None:
    assert public_guide.recognises(data)
    with pytest.raises(BadTensor):
        decode(data)


def test_limit_and_stop_hold_for_the_form_too() -> None:
    data = as_the_guide_packs(PLANES)
    with pytest.raises(BadTensor, match="at most"):
        decode(data, limit_bytes=PLANES.nbytes - 1)
    with pytest.raises(Cancelled):
        decode(data, stop=lambda: True)


def test_written_picture_is_what_the_guide_s_own_code_reads() -> None:
    pixels = np.moveaxis(PLANES, 0, -1).astype(np.float16)
    for wire in (pixels, pixels[np.newaxis]):
        data = public_guide.encode_picture(wire)
        assert struct.unpack_from("<BB3I", data) == (1, 3, 3, 5, 8)
        values = np.frombuffer(zlib.decompress(data[14:]), np.float32).reshape(3, 5, 8)
        assert np.array_equal(values, PLANES.astype(np.float16))
        assert np.array_equal(decode(data), values)


def test_written_mask_is_white_where_kinds_repaint() -> None:
    kinds = np.array([[0, 1, 2, 3, 4, 5], [0xF8, 0xF9, 0xFA, 0xFB, 7, 255]], np.uint8)
    data = public_guide.encode_mask(kinds)
    assert struct.unpack_from("<BB3I", data) == (1, 3, 1, 2, 6)
    wanted = [[0, 255, 255, 0, 255, 0], [0, 255, 255, 0, 0, 0]]
    assert np.array_equal(decode(data)[0], wanted)


@pytest.mark.parametrize(
    ("write", "array"),
    [
        (public_guide.encode_picture, np.zeros((2, 4, 4, 3), np.float32)),
        (public_guide.encode_picture, np.zeros((4, 4, 3), np.uint8)),
        (public_guide.encode_picture, np.zeros((4, 0, 3), np.float32)),
        (public_guide.encode_mask, np.zeros((1, 4, 4), np.uint8)),
        (public_guide.encode_mask, np.zeros((4, 4), np.float32)),
    ],
)
def test_array_without_a_form_in_the_guide_is_a_value_error(write, array) -> None:
    with pytest.raises(ValueError, match=r"no (picture|mask)"):
        write(array)
