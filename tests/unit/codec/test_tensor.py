"""The header, raw and deflated tensors, limits, and what is refused."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from drawbridge.codec import tensor
from drawbridge.codec.tensor import Codec, decode, encode
from drawbridge.errors import BadTensor, Cancelled

DTYPES = [np.uint8, np.int32, np.int64, np.float16, np.float32, np.float64]


def message(
    payload: bytes = b"",
    *,
    identifier: int = 0,
    memory: int = 1,
    layout: int = 2,
    datatype: int = 0x20000,
    dims: tuple[int, ...] = (4,),
) -> bytes:
    padded = [*dims, *[0] * (12 - len(dims))]
    return struct.pack("<5I12i", identifier, memory, layout, datatype, 0, *padded) + payload


def deflated(data: bytes, window_bits: int = -15) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window_bits)
    return packer.compress(data) + packer.flush()


def assert_same(got: np.ndarray, wanted: np.ndarray) -> None:
    assert got.dtype == wanted.dtype
    assert got.shape == wanted.shape
    assert got.tobytes() == wanted.tobytes()


@given(
    hnp.arrays(
        st.sampled_from(DTYPES),
        hnp.array_shapes(min_dims=1, max_dims=6, min_side=1, max_side=6),
    ),
    st.sampled_from([Codec.RAW, Codec.DEFLATE]),
    st.integers(0, 9),
)
@settings(max_examples=100)
def test_array_survives_encoding(array: np.ndarray, codec: Codec, level: int) -> None:
    assert_same(decode(encode(array, codec, level=level)), array)


@pytest.mark.parametrize(
    ("dtype", "dims", "words"),
    [
        (np.float16, (1, 2, 3, 3), (0, 1, 2, 0x20000, 0, 1, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0)),
        (np.uint8, (5, 7), (0, 1, 1, 0x1000, 0, 5, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
        (np.float32, (2, 9), (0, 1, 1, 0x4000, 0, 2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
        (np.int32, (1,) * 12, (0, 1, 2, 0x2000, 0, *[1] * 12)),
    ],
)
def test_header_words_are_those_of_the_server(dtype, dims, words) -> None:
    data = encode(np.zeros(dims, dtype))
    assert struct.unpack_from("<17I", data) == words
    assert len(data) == 68 + np.zeros(dims, dtype).nbytes


def test_deflate_is_chosen_only_where_it_is_smaller() -> None:
    even, noise = np.zeros((64, 64), np.uint8), np.random.default_rng(1).bytes(4096)
    packed = encode(even, Codec.DEFLATE)
    assert struct.unpack_from("<I", packed) == (0x217,)
    assert len(packed) < 200
    stored = encode(np.frombuffer(noise, np.uint8), Codec.DEFLATE)
    assert struct.unpack_from("<I", stored) == (0,)
    assert stored[68:] == noise


def test_fortran_order_and_big_endian_are_written_in_the_wire_order() -> None:
    plain = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert_same(decode(encode(np.asfortranarray(plain))), plain)
    assert_same(decode(encode(plain.astype(">f4"))), plain)
    assert_same(decode(encode(plain[:, ::2, ::-1])), plain[:, ::2, ::-1])


@pytest.mark.parametrize(
    "array",
    [
        np.zeros(3, np.complex64),
        np.zeros(3, np.bool_),
        np.zeros((), np.float32),
        np.zeros((2, 0), np.float32),
        np.zeros((1,) * 13, np.float32),
    ],
    ids=["complex", "bool", "no dims", "empty", "13 dims"],
)
def test_array_without_a_wire_form_is_a_value_error(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="no tensor of"):
        encode(array)


@pytest.mark.parametrize(
    ("data", "fact"),
    [
        (b"", "it has 0 bytes"),
        (message()[:67], "it has 67 bytes"),
        (message(bytes(8), identifier=0x511), "unknown way (0x511)"),
        (message(bytes(8), datatype=0x40000), "palettised values (0x40000)"),
        (message(bytes(8), datatype=0x80000), "bfloat16 (0x80000)"),
        (message(bytes(8), datatype=0x24000), "unknown type (0x24000)"),
        (message(bytes(8), dims=()), "dims are impossible"),
        (message(bytes(8), dims=(0, 4)), "dims are impossible"),
        (message(bytes(8), dims=(4, 0, 1)), "dims are impossible"),
        (message(bytes(8), dims=(-2, -2)), "dims are impossible"),
        (message(bytes(7)), "7 bytes follow its header, and 4 values of float16 take 8"),
        (message(identifier=0x217), "0 deflated bytes cannot hold 8"),
        (message(b"\7", identifier=0x217), "deflate stream is broken"),
        (message(deflated(bytes(7)), identifier=0x217), "ends after 7 of 8 bytes"),
        (message(deflated(bytes(9)), identifier=0x217), "more than the 8 bytes"),
        (message(deflated(bytes(99)), identifier=0x217), "more than the 8 bytes"),
        (message(deflated(bytes(range(8)))[:-3], identifier=0x217), "is cut off after"),
        (message(deflated(bytes(8), 15), identifier=0x217), "A tensor cannot be read"),
        (message(bytes(64), identifier=0xF7217, datatype=0x1000), "uint8 values packed with fpzip"),
    ],
)
def test_damage_is_named(data: bytes, fact: str) -> None:
    with pytest.raises(BadTensor) as caught:
        decode(data)
    assert fact in caught.value.problem
    assert caught.value.problem.endswith(".")
    assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize(("memory", "layout"), [(2, 2), (1, 0), (1, 4)])
def test_memory_type_and_format_are_not_judged(memory: int, layout: int) -> None:
    values = np.arange(4, dtype=np.float16)
    assert_same(decode(message(values.tobytes(), memory=memory, layout=layout)), values)


def test_bytes_after_the_values_are_ignored() -> None:
    values = np.arange(4, dtype=np.float16)
    assert_same(decode(message(values.tobytes() + b"more")), values)
    packed = deflated(values.tobytes())
    assert_same(decode(message(packed + b"more", identifier=0x217)), values)


@pytest.mark.parametrize("codec", Codec)
def test_tensor_over_the_limit_is_refused_whatever_its_codec(codec: Codec) -> None:
    data = encode(np.zeros((1, 64, 64, 3), np.float16), codec)
    assert decode(data, limit_bytes=64 * 64 * 6).size == 64 * 64 * 3
    with pytest.raises(BadTensor, match="at most"):
        decode(data, limit_bytes=64 * 64 * 6 - 1)


@pytest.mark.parametrize("dims", [(2**31 - 1,) * 12, (641, 6700417, 2**31 - 1), (1 << 16,) * 4])
@pytest.mark.parametrize("identifier", [0, 0x217, 0xF7217])
def test_size_that_overflows_is_seen_as_large(dims: tuple[int, ...], identifier: int) -> None:
    with pytest.raises(BadTensor, match="at most"):
        decode(message(bytes(64), dims=dims, identifier=identifier))


def test_size_that_deflate_cannot_reach_takes_no_memory(monkeypatch) -> None:
    def refuse(*_: object) -> np.ndarray:
        raise AssertionError("memory was taken for it")

    data = message(deflated(bytes(1000)), identifier=0x217, dims=(1 << 29,))
    monkeypatch.setattr(np, "empty", refuse)
    with pytest.raises(BadTensor, match="cannot hold"):
        decode(data)


def test_lack_of_memory_is_an_error_with_a_remedy(monkeypatch) -> None:
    def refuse(*_: object) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr(np, "empty", refuse)
    with pytest.raises(BadTensor, match="not enough memory"):
        decode(message(deflated(bytes(8)), identifier=0x217))


@pytest.mark.parametrize("codec", Codec)
def test_stop_ends_decoding(codec: Codec) -> None:
    data = encode(np.zeros((1, 32, 32, 3), np.float16), codec)
    with pytest.raises(Cancelled):
        decode(data, stop=lambda: True)


def test_stop_is_asked_while_inflating() -> None:
    noise = np.random.default_rng(2).integers(0, 250, 2 << 20, dtype=np.uint8)
    data = encode(noise, Codec.DEFLATE)
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        decode(data, stop=stop)
    assert len(asked) == 3


@given(st.binary(max_size=300))
@settings(max_examples=200)
def test_any_bytes_give_an_array_or_bad_tensor(data: bytes) -> None:
    _array_or_bad_tensor(decode, data)


@given(
    st.sampled_from([Codec.RAW, Codec.DEFLATE]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4),
    st.integers(0, 40),
)
@settings(max_examples=200)
def test_any_damage_gives_an_array_or_bad_tensor(
    codec: Codec, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(encode(np.arange(300, dtype=np.int32).reshape(3, 100), codec))
    for position, value in changes:
        data[position % len(data)] = value
    # Damage to the identifier may make it an fpzip tensor, whose header then cannot be right.
    _array_or_bad_tensor(decode, bytes(data[: len(data) - cut]))


def _array_or_bad_tensor(read: Callable[..., np.ndarray], data: bytes) -> None:
    try:
        array = read(data, limit_bytes=1 << 20)
    except BadTensor:
        return
    assert isinstance(array, np.ndarray)
    assert array.nbytes <= 1 << 20


def test_header_is_read_alone() -> None:
    header = tensor.read_header(encode(np.zeros((1, 8, 8, 3), np.float16), Codec.DEFLATE))
    assert header == tensor.Header(Codec.DEFLATE, np.dtype("<f2"), (1, 8, 8, 3))
    assert header.size_bytes == 384


def test_importing_takes_neither_torch_nor_fpzip() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import checkout; checkout.register(); "
        "from drawbridge.codec import tensor; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'fpzip', 'grpc')))"
    )
    root = str(Path(tensor.__file__).parents[1])
    assert subprocess.run([sys.executable, "-c", code, root]).returncode == 0
