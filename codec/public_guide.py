"""Reads and writes tensors in the form that Draw Things' public guide describes.

The guide puts one byte of flags, one byte of rank and uint32 dims in front of a packed tensor, and
lays pictures out as planes (CHW, no batch). No server that we know speaks so; the form is read
because it cannot be mistaken, and written for a connection that asks for it (docs/protocol.md 12).

How it is told apart: a tensor of the real wire begins with a codec identifier whose lowest byte is
0x00 or 0x17, one in the guide's form with its flags, 1, 2 or 3. To be recognised, the rest of its
header must make sense as well, and its payload must begin as the flags say.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

import numpy as np

from ..errors import BadTensor
from . import fpzip
from .damage import out_of_memory, too_large
from .deflate import ZLIB_STREAM, deflate, inflate

_FLAG_ZLIB = 0x01
_FLAG_FPZIP = 0x02  # set, it wins: the guide's own decoder does not inflate then
_MAX_RANK = 4
_FPZIP_START = b"fpy)"  # how the range coder writes fpzip's magic
_WHITE = 255


def recognises(data: bytes | memoryview) -> bool:
    """Return whether `data` is in the guide's form and cannot be one of the real wire."""
    if len(data) < 2 or not 1 <= data[0] <= 3 or not 1 <= data[1] <= _MAX_RANK:
        return False
    dims, start = _dims(data), _header_size(data)
    if len(dims) != data[1] or 0 in dims:
        return False
    head = data[start : start + 4]
    if data[0] & _FLAG_FPZIP:
        return head == _FPZIP_START
    # RFC 1950: method 8, and the first two bytes are a multiple of 31.
    return len(head) >= 2 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0


def decode(
    data: bytes | memoryview, *, limit_bytes: int, stop: Callable[[], bool] | None = None
) -> np.ndarray:
    """Return the array that `data` holds, which must be recognised: float32, or uint8 for a mask.

    Dims are as they were sent: [3, H, W] for a picture, -1 to 1, [1, H, W] for a mask, 0 or 255.
    The form does not name the type, but only one of the two fits the payload's length. Raises as
    `codec.tensor.decode` does.
    """
    dims, payload = _dims(data), memoryview(data)[_header_size(data) :]
    values = math.prod(dims)
    if 4 * values > limit_bytes:
        raise too_large(4 * values, limit_bytes)
    try:
        if data[0] & _FLAG_FPZIP:
            return fpzip.decode(payload, np.dtype("<f4"), dims, stop=stop)
        try:
            return _inflate_as("<f4", payload, dims, stop)
        except BadTensor:
            return _inflate_as("u1", payload, dims, stop)
    except MemoryError as error:
        raise out_of_memory(4 * values) from error


def encode_picture(pixels: np.ndarray) -> bytes:
    """Return a picture in the guide's form: float32 planes [3, H, W], packed with zlib.

    `pixels` is the wire's own form, any float [1, H, W, C] or [H, W, C], -1 to 1; anything else
    raises ValueError. Never fpzip: no upload is (docs/protocol.md 3.2).
    """
    if pixels.ndim == 4 and pixels.shape[0] == 1:
        pixels = pixels[0]
    if pixels.ndim != 3 or pixels.dtype.kind != "f" or pixels.size == 0:
        raise ValueError(f"no picture: {pixels.dtype} {pixels.shape}")
    return _encode(np.moveaxis(pixels, -1, 0).astype("<f4"))


def encode_mask(mask: np.ndarray) -> bytes:
    """Return a mask in the guide's form: uint8 [1, H, W], 255 where something is to be repainted.

    `mask` is the wire's own form, uint8 [H, W], whose low 3 bits are kinds: 1, 2 and 4 are
    repainted (docs/protocol.md 4.3). Anything else raises ValueError.
    """
    if mask.ndim != 2 or mask.dtype != np.uint8 or mask.size == 0:
        raise ValueError(f"no mask: {mask.dtype} {mask.shape}")
    repainted = np.isin(mask & 7, (1, 2, 4))
    return _encode((repainted * np.uint8(_WHITE))[np.newaxis])


def _inflate_as(
    dtype: str, payload: memoryview, dims: tuple[int, ...], stop: Callable[[], bool] | None
) -> np.ndarray:
    """Return the zlib-packed values, if they are of this type; else raises BadTensor."""
    size_bytes = math.prod(dims) * np.dtype(dtype).itemsize
    unpacked = inflate(payload, size_bytes, window_bits=ZLIB_STREAM, stop=stop)
    return unpacked.view(dtype).reshape(dims)


def _encode(planes: np.ndarray) -> bytes:
    header = struct.pack(f"<BB{planes.ndim}I", _FLAG_ZLIB, planes.ndim, *planes.shape)
    return header + deflate(planes, window_bits=ZLIB_STREAM)


def _header_size(data: bytes | memoryview) -> int:
    return 2 + 4 * data[1]


def _dims(data: bytes | memoryview) -> tuple[int, ...]:
    """Return the dims in the header; fewer than its rank where the bytes end before."""
    rank = min(data[1], (len(data) - 2) // 4)
    return struct.unpack_from(f"<{rank}I", data, 2)
