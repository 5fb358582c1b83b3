"""What is checked before an fpzip stream is decoded, and what is packed at all."""

from __future__ import annotations

import importlib
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from drawbridge.codec import fpzip
from drawbridge.codec.tensor import HEADER, Codec, decode, encode
from drawbridge.errors import BadTensor, DecoderUnavailable

package = importlib.import_module("fpzip")
GRIDS = st.tuples(*[st.integers(1, 9)] * 4)


def stream(array: np.ndarray, precision: int = 0) -> memoryview:
    return memoryview(package.compress(array, precision=precision, order="C"))


@given(GRIDS, st.booleans(), st.integers(2, 32))
@settings(max_examples=60)
def test_header_reads_as_it_was_written(grid, double: bool, precision: int) -> None:
    precision = precision * 2 if double else precision
    values = np.zeros(grid, np.float64 if double else np.float32)
    header = fpzip.read_stream_header(stream(values, precision))
    assert header == fpzip.StreamHeader(0x0110, 1, double, precision, grid)


@given(st.binary(max_size=60), st.integers(0, 30))
@settings(max_examples=300)
def test_junk_is_no_header_or_a_header(junk: bytes, kept: int) -> None:
    good = bytes(stream(np.ones((1, 2, 3, 4), np.float32), 19))
    for payload in (junk, good[:kept] + junk):
        try:
            header = fpzip.read_stream_header(memoryview(payload))
        except BadTensor:
            continue
        assert all(0 <= side < 1 << 32 for side in header.grid)


@pytest.mark.parametrize(
    ("dims", "grid"),
    [
        ((7,), (1, 1, 1, 7)),
        ((6, 7), (1, 1, 6, 7)),
        ((5, 6, 7), (1, 5, 6, 7)),
        ((4, 5, 6, 7), (4, 5, 6, 7)),
        ((2, 3, 4, 5, 6, 7), (24, 5, 6, 7)),
    ],
)
def test_grid_is_the_dims_from_the_last_one_on(dims, grid) -> None:
    assert fpzip.grid(dims) == grid


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32]),
        hnp.array_shapes(min_dims=1, max_dims=6, max_side=6),
        elements=st.floats(-1000, 1000, width=16),
    )
)
@settings(max_examples=60)
def test_array_survives_encoding(array: np.ndarray) -> None:
    got = decode(encode(array, Codec.FPZIP))
    assert got.dtype == array.dtype
    assert got.shape == array.shape
    assert got.tobytes() == array.tobytes()


def test_every_finite_float16_survives() -> None:
    patterns = np.sort(np.arange(1 << 16, dtype=np.uint16).view(np.float16))
    finite = patterns[np.isfinite(patterns)]
    data = encode(finite, Codec.FPZIP)
    assert int.from_bytes(data[:4], "little") == Codec.FPZIP.value
    assert np.array_equal(decode(data).view(np.uint16), finite.view(np.uint16))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_full_precision_is_read(dtype) -> None:
    """As a server with float32 pictures sends them; packed by the package itself, as we refuse."""
    values = np.linspace(-1, 1, 5 * 6 * 3).reshape(1, 5, 6, 3).astype(dtype)
    data = encode(values)
    body = bytes(stream(values, values.itemsize * 8))
    packed = Codec.FPZIP.value.to_bytes(4, "little") + data[4 : HEADER.size] + body
    assert np.array_equal(decode(packed), values)


@pytest.mark.parametrize(
    "array",
    [
        np.full((4, 4), 0.1, np.float32),
        np.zeros((4, 4), np.float64),
        np.full((4, 4), np.inf, np.float16),
        np.full((4, 4), np.nan, np.float32),
        np.full((4, 4), 1e6, np.float32),
        np.zeros((4, 4), np.int32),
    ],
    ids=["finer than float16", "float64", "inf", "nan", "beyond float16", "int32"],
)
def test_values_that_could_break_the_encoder_never_reach_it(array, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "fpzip", None)
    assert fpzip.encode(array) is None
    data = encode(array, Codec.FPZIP)
    assert data[:4] == bytes(4)
    assert data[HEADER.size :] == array.tobytes()


@given(st.integers(0, 2**32 - 1), GRIDS)
@settings(max_examples=40)
def test_packed_values_stay_far_from_the_end_of_the_encoder_s_buffer(seed: int, grid) -> None:
    patterns = np.random.default_rng(seed).integers(0, 0x7C00, grid, dtype=np.uint16)
    values = (patterns | (patterns & 1) << 15).view(np.float16)
    packed = fpzip.encode(values)
    assert packed is not None
    assert len(packed) < 4 * math.prod(grid) + 96


def test_f_order_is_packed_in_the_wire_order() -> None:
    values = np.asfortranarray(np.arange(60, dtype=np.float16).reshape(3, 4, 5))
    assert np.array_equal(decode(encode(values, Codec.FPZIP)), values)


def claim(values: np.ndarray, payload: memoryview) -> bytes:
    """A message whose tensor header fits `values`, around another stream."""
    return Codec.FPZIP.value.to_bytes(4, "little") + encode(values)[4 : HEADER.size] + payload


HALF = np.zeros((2, 3, 4), np.float16)


@pytest.mark.parametrize(
    ("payload", "fact"),
    [
        (memoryview(b""), "cut off in its header"),
        (stream(np.zeros((2, 3, 4), np.float32))[:20], "cut off in its header"),
        (memoryview(b"fpz\0" + bytes(99)), "does not begin as one"),
        (stream(np.zeros((2, 3, 4))), "holds float64 values, and its header says float16"),
        (stream(np.zeros((2, 3, 4), np.float32), 21), "unknown precision 21"),
        (stream(np.zeros((2, 4, 3), np.float32)), "1 x 2 x 4 x 3 values, and its header says 1 x"),
    ],
)
def test_stream_that_does_not_fit_its_tensor_is_refused_here(payload, fact, monkeypatch) -> None:
    monkeypatch.setattr(fpzip, "_pool", None)  # nothing may get as far as a child process
    with pytest.raises(BadTensor) as caught:
        decode(claim(HALF, payload))
    assert fact in caught.value.problem


def test_absurdly_short_stream_for_many_values_is_refused_here(monkeypatch) -> None:
    monkeypatch.setattr(fpzip, "_pool", None)
    monkeypatch.setattr(fpzip, "_MAX_VALUES_PER_BYTE", 100)
    even = np.zeros((300, 300), np.float16)
    data = encode(even, Codec.FPZIP)
    with pytest.raises(BadTensor, match="cannot hold 90000 values"):
        decode(data)


def test_most_even_picture_is_far_from_being_taken_for_absurd() -> None:
    even = np.zeros((1, 2048, 2048, 3), np.float16)
    packed = fpzip.encode(even)
    assert packed is not None
    assert even.size / len(packed) < fpzip._MAX_VALUES_PER_BYTE / 5


def test_missing_package_says_what_to_do(monkeypatch) -> None:
    data = encode(HALF, Codec.RAW)
    packed = claim(HALF, stream(HALF.astype(np.float32), 19))
    monkeypatch.setitem(sys.modules, "fpzip", None)
    assert np.array_equal(decode(data), HALF)
    with pytest.raises(DecoderUnavailable) as caught:
        decode(packed)
    assert "not installed" in caught.value.problem
    assert "Response Compression" in caught.value.remedy
    assert "--no-response-compression" in caught.value.remedy
    assert "pip install fpzip" in caught.value.remedy
    with pytest.raises(DecoderUnavailable):
        encode(HALF, Codec.FPZIP)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["flip", "bytes", "cut", "fill"]),
)
@settings(max_examples=12)
def test_damaged_body_gives_an_array_or_bad_tensor(seed: int, damage: str) -> None:
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.standard_normal((1, 16, 16, 3)), 1).astype(np.float16)
    data = bytearray(encode(values, Codec.FPZIP))
    at = int(rng.integers(HEADER.size + 24, len(data)))
    if damage == "flip":
        data[at] ^= 1 << rng.integers(8)
    elif damage == "bytes":
        data[at : at + 8] = rng.bytes(8)
    elif damage == "cut":
        del data[at:]
    else:
        data[at:] = bytes([int(rng.integers(2)) * 255]) * (len(data) - at)
    try:
        got = decode(bytes(data))
    except BadTensor:
        return
    assert got.shape == values.shape
    assert got.dtype == values.dtype
