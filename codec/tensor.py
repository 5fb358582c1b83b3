"""Reads and writes the tensors of the wire: 68 bytes of header, then the values, packed or not."""

from __future__ import annotations

import enum
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..errors import Cancelled
from . import fpzip, public_guide
from .damage import damaged, out_of_memory, too_large
from .deflate import deflate, inflate
from .limits import DEFAULT_LIMIT_BYTES
from .shape import shape_text


class Codec(enum.Enum):
    """How the values are packed: the header's identifier (docs/protocol.md 3.1)."""

    RAW = 0
    DEFLATE = 0x217
    FPZIP = 0xF7217


HEADER = struct.Struct("<5I12i")  # identifier, memory, format, datatype, reserved, 12 dims

_MEMORY_CPU = 1
_FORMAT_NCHW = 1
_FORMAT_NHWC = 2
_DTYPES = {
    0x1000: np.dtype("<u1"),
    0x2000: np.dtype("<i4"),
    0x4000: np.dtype("<f4"),
    0x8000: np.dtype("<i8"),
    0x10000: np.dtype("<f8"),
    0x20000: np.dtype("<f2"),
}
_DATATYPES = {dtype: word for word, dtype in _DTYPES.items()}
_UNREADABLE = {0x40000: "palettised values", 0x80000: "bfloat16"}


@dataclass(frozen=True)
class Header:
    """What the 68 bytes in front of the values say (docs/protocol.md 3.1)."""

    codec: Codec
    dtype: np.dtype
    dims: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        """Return the bytes of the values when unpacked; exact however large the dims are."""
        return math.prod(self.dims) * self.dtype.itemsize


def read_header(data: bytes | memoryview) -> Header:
    """Return the header in front of `data`; raises BadTensor where it is not one of ours.

    Memory type and format are not judged: the server itself reads any, and a mask carries another
    format than an image (docs/protocol.md 3.1).
    """
    if len(data) < HEADER.size:
        raise damaged(f"it has {len(data)} bytes, and its header alone takes {HEADER.size}")
    identifier, _, _, datatype, _, *dims = HEADER.unpack_from(data)
    try:
        codec = Codec(identifier)
    except ValueError as error:
        raise damaged(f"it is packed in an unknown way (0x{identifier:x})") from error
    if datatype not in _DTYPES:
        kind = _UNREADABLE.get(datatype, "values of an unknown type")
        raise damaged(f"it holds {kind} (0x{datatype:x})")
    rank = dims.index(0) if 0 in dims else len(dims)
    if rank == 0 or any(dims[rank:]) or min(dims[:rank]) < 0:
        raise damaged(f"its dims are impossible ({shape_text(dims)})")
    return Header(codec, _DTYPES[datatype], tuple(dims[:rank]))


def decode(
    data: bytes | memoryview,
    *,
    limit_bytes: int = DEFAULT_LIMIT_BYTES,
    stop: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Return the array that `data` holds, with its own dtype and dims; it may be a read-only view.

    A tensor in the public guide's form is read too (codec/public_guide.py). Everything the headers
    claim is checked before memory is taken for it. Raises BadTensor for bytes that are damaged or
    need more than `limit_bytes`, DecoderUnavailable where fpzip is needed and missing, Cancelled
    once `stop()` is true.
    """
    if stop is not None and stop():
        raise Cancelled
    if public_guide.recognises(data):
        return public_guide.decode(data, limit_bytes=limit_bytes, stop=stop)
    header = read_header(data)
    if header.size_bytes > limit_bytes:
        raise too_large(header.size_bytes, limit_bytes)
    payload = memoryview(data)[HEADER.size :]
    try:
        if header.codec is Codec.RAW:
            return _view(payload, header)
        if header.codec is Codec.DEFLATE:
            unpacked = inflate(payload, header.size_bytes, stop=stop)
            return unpacked.view(header.dtype).reshape(header.dims)
        return fpzip.decode(payload, header.dtype, header.dims, stop=stop)
    except MemoryError as error:
        raise out_of_memory(header.size_bytes) from error


def surplus_bytes(data: bytes | memoryview) -> int:
    """Return how many bytes follow the values of an unpacked tensor; 0 where that cannot be told.

    A server ignores them. Where a tensor was joined from pieces, one of them came twice.
    """
    if public_guide.recognises(data):
        return 0
    header = read_header(data)
    if header.codec is not Codec.RAW:
        return 0
    return max(len(data) - HEADER.size - header.size_bytes, 0)


def encode(array: np.ndarray, codec: Codec = Codec.RAW, *, level: int = 1) -> bytes:
    """Return the wire bytes of `array`, stored raw where packing does not make it smaller.

    `array` is uint8, int32, int64, float16, float32 or float64 with 1 to 12 dims, none of them 0;
    anything else raises ValueError. `level` is zlib's. FPZIP is for the emulator and for tests:
    it takes the values that codec/fpzip.py can pack safely, and others are stored raw.
    """
    return b"".join(parts(array, codec, level=level))


def parts(
    array: np.ndarray, codec: Codec = Codec.RAW, *, level: int = 1
) -> tuple[bytes, bytes | memoryview]:
    """Return what `encode` does as header and values; those are the array's own where they are not
    packed.
    """
    dtype = array.dtype.newbyteorder("<")
    if dtype not in _DATATYPES or not 1 <= array.ndim <= 12 or array.size == 0:
        raise ValueError(f"no tensor of {array.dtype} with dims {shape_text(array.shape)}")
    values = np.ascontiguousarray(array, dtype).reshape(array.shape)
    packed: bytes | None = None
    if codec is Codec.DEFLATE:
        packed = deflate(values, level=level)
    elif codec is Codec.FPZIP:
        packed = fpzip.encode(values)
    if packed is None or len(packed) >= values.nbytes:
        codec, body = Codec.RAW, values.reshape(-1).view(np.uint8).data
    else:
        body = packed
    # The server's TensorShapeFormat: masks [H,W] and audio [2,N] are NCHW, pictures NHWC.
    layout = _FORMAT_NHWC if values.ndim > 2 else _FORMAT_NCHW
    dims = values.shape + (0,) * (12 - values.ndim)
    return HEADER.pack(codec.value, _MEMORY_CPU, layout, _DATATYPES[dtype], 0, *dims), body


def _view(payload: memoryview, header: Header) -> np.ndarray:
    """Return the raw values where they lie; bytes after them are ignored, as the server does."""
    if len(payload) < header.size_bytes:
        raise damaged(
            f"{len(payload)} bytes follow its header, and {shape_text(header.dims)} values of "
            f"{header.dtype.name} take {header.size_bytes}"
        )
    values = np.frombuffer(payload[: header.size_bytes], header.dtype).reshape(header.dims)
    # 68 bytes of header leave 64-bit values between two of their places.
    return values if values.flags.aligned else values.copy()
