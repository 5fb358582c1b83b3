"""Packs and unpacks fpzip streams: checks them here, decodes them in a process of its own.

The fpzip package crashes the interpreter on most damaged streams, takes any amount of memory or
time on others, and holds the interpreter's lock while it works. What a stream claims is checked
first; what is wrong further in can only hit the child process (codec/fpzip_worker.py).
"""

from __future__ import annotations

import atexit
import importlib
import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from . import fpzip_worker as wire
from .damage import damaged, unavailable
from .fpzip_process import Job, Pool
from .shape import shape_text

_VERSION = 0x0110
_MODE_FAST = 1
_PRECISIONS = {False: (0, 19, 32), True: (0, 64)}  # 0 means all bits
_PRECISION_FLOAT16 = 19  # keeps the sign, 8 bits of exponent, 10 of mantissa

# A value costs one symbol of a range coder with 16-bit frequencies, of which every one of at least
# 39 symbols keeps a part: about 10,000 values a byte at the very best. More is a lie, found out
# before memory is taken for it.
_MAX_VALUES_PER_BYTE = 1 << 16

_KINDS = {
    np.dtype("<f2"): wire.FLOAT16,
    np.dtype("<f4"): wire.FLOAT32,
    np.dtype("<f8"): wire.FLOAT64,
}

_pool = Pool()
atexit.register(_pool.close)


@dataclass(frozen=True)
class StreamHeader:
    """What the first 24 bytes or so of an fpzip stream say; `grid` is (nf, nz, ny, nx)."""

    version: int
    mode: int
    double: bool
    precision: int
    grid: tuple[int, int, int, int]


def grid(dims: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Return the tensor's dims as fpzip sees them: (nf, nz, ny, nx) (docs/protocol.md 3.2)."""
    nz, ny, nx = (1, 1, 1, *dims)[-3:]
    return math.prod(dims[:-3]), nz, ny, nx


def read_stream_header(payload: memoryview) -> StreamHeader:
    """Return the header of the stream in `payload`; raises BadTensor where there is none.

    The header is not literal: it went through the range coder, each field with a flat
    distribution, 32-bit ones as two halves.
    """
    reader = _FlatReader(payload)
    if [reader.take(8) for _ in range(4)] != [*b"fpz\0"]:
        raise damaged("its fpzip stream does not begin as one")
    version, mode, double, precision = (reader.take(bits) for bits in (16, 8, 1, 7))
    nx, ny, nz, nf = (reader.take(16) | reader.take(16) << 16 for _ in range(4))
    return StreamHeader(version, mode, bool(double), precision, (nf, nz, ny, nx))


def decode(
    payload: memoryview,
    dtype: np.dtype,
    dims: tuple[int, ...],
    *,
    stop: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Return the values of an fpzip stream, of the `dtype` and `dims` that the tensor announces.

    Bytes after the stream are ignored. Raises BadTensor for a stream that is damaged, says
    something else than the tensor or crashes its decoder; DecoderUnavailable without fpzip;
    Cancelled once `stop()` is true, which is asked at least every 20 ms.
    """
    _check(payload, dtype, dims)
    if importlib.util.find_spec("fpzip") is None:
        raise unavailable("the Python package fpzip is not installed here")
    return _pool.decode(Job(payload, dtype, dims, grid(dims), _KINDS[dtype]), stop)


def encode(values: np.ndarray) -> bytes | None:
    """Return the stream of a C-contiguous array, or None where it must not be packed.

    For the emulator and for tests. The package's encoder writes past its buffer when a stream
    grows more than 96 bytes larger than its input, which arbitrary float32 values at full
    precision do. So only values that float16 holds exactly are packed, as float32 at precision 19:
    no value can then take more bits than the 32 it came with, however the adaptive model is led
    astray. Non-finite values decode differently on ARM and on x86; they are not packed either.
    Raises DecoderUnavailable where fpzip is not installed.
    """
    if values.dtype not in (np.dtype("<f2"), np.dtype("<f4")):
        return None
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    if not np.isfinite(half).all() or not np.array_equal(half, values):
        return None
    try:
        package = importlib.import_module("fpzip")
    except ImportError as error:
        raise unavailable("the Python package fpzip is not installed here") from error
    wide = half.astype(np.float32, order="C").reshape(grid(values.shape))
    return package.compress(wide, precision=_PRECISION_FLOAT16, order="C")


def close() -> None:
    """End the child processes; a later decode starts new ones."""
    _pool.close()


def _check(payload: memoryview, dtype: np.dtype, dims: tuple[int, ...]) -> None:
    """Refuse whatever the decoder would hang on, crash on or take absurd memory for."""
    if dtype not in _KINDS:
        raise damaged(f"it holds {dtype.name} values packed with fpzip, which packs floats only")
    stream = read_stream_header(payload)
    if stream.version != _VERSION or stream.mode != _MODE_FAST:
        raise damaged(
            f"its fpzip stream is of version 0x{stream.version:x} and mode {stream.mode}, "
            f"not 0x{_VERSION:x} and {_MODE_FAST}"
        )
    double = dtype.itemsize == 8
    if stream.double != double:
        kind = "float64" if stream.double else "float32"
        raise damaged(f"its fpzip stream holds {kind} values, and its header says {dtype.name}")
    if stream.precision not in _PRECISIONS[double]:
        raise damaged(f"its fpzip stream has the unknown precision {stream.precision}")
    if stream.grid != grid(dims):
        claimed, expected = map(shape_text, (stream.grid, grid(dims)))
        raise damaged(f"its fpzip stream holds {claimed} values, and its header says {expected}")
    if math.prod(dims) > _MAX_VALUES_PER_BYTE * len(payload):
        raise damaged(f"{len(payload)} bytes of fpzip cannot hold {math.prod(dims)} values")


class _FlatReader:
    """Reads fields of equally likely values from fpzip's range coder."""

    _MASK = 0xFFFFFFFF

    def __init__(self, payload: memoryview) -> None:
        self._payload = payload
        self._low = self._code = self._read = 0
        self._range = self._MASK
        self._shift_in(4)

    def take(self, bits: int) -> int:
        """Return the next field of `bits` bits."""
        self._range >>= bits
        value = ((self._code - self._low) & self._MASK) // self._range
        if value >> bits:
            raise damaged("its fpzip stream does not begin as one")
        self._low = (self._low + self._range * value) & self._MASK
        self._normalize()
        return value

    def _normalize(self) -> None:
        # Drop leading bytes that can no longer change, then make room where the range ran short.
        while not (self._low ^ (self._low + self._range) & self._MASK) >> 24:
            self._shift_in(1)
            self._low = self._low << 8 & self._MASK
            self._range = self._range << 8 & self._MASK
        if not self._range >> 16:
            self._shift_in(2)
            self._low = self._low << 16 & self._MASK
            self._range = -self._low & self._MASK

    def _shift_in(self, count: int) -> None:
        if self._read + count > len(self._payload):
            raise damaged("its fpzip stream is cut off in its header")
        for byte in self._payload[self._read : self._read + count]:
            self._code = (self._code << 8 | byte) & self._MASK
        self._read += count
