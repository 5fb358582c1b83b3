"""Reads the tensors of a request as a server does: which are passed over, which end it.

What a server's own code did with each kind of damage was recorded (docs/protocol.md 4.8).
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping

import numpy as np

from ...codec import tensor
from ...errors import BadTensor
from .request import ServerDies

HEADER = struct.Struct("<5I12i")  # identifier, memory, format, datatype, reserved, 12 dims
HASH_BYTES = 32

_CPU = 1
_FORMATS = (1, 2, 4)
_RAW, _DEFLATE, _FPZIP = 0, 0x217, 0xF7217
_BFLOAT16 = 0x80000
_DTYPES = {
    0x1000: np.dtype("<u1"),
    0x2000: np.dtype("<i4"),
    0x4000: np.dtype("<f4"),
    0x8000: np.dtype("<i8"),
    0x10000: np.dtype("<f8"),
    0x20000: np.dtype("<f2"),
    _BFLOAT16: np.dtype("<u2"),  # its upper half of a float32
}


class ServerHangs(ServerDies):
    """A real server would never come to an end here, and its queue with it."""


def read_tensor(data: bytes, contents: Mapping[bytes, bytes], what: str) -> np.ndarray | None:
    """Return the array of an inline tensor or of a hash; None where a server finds none to read.

    `what` names it in a reason. Raises ServerDies, ServerHangs.
    """
    if len(data) == HASH_BYTES:
        data = contents.get(data, b"")
    if len(data) < HEADER.size:
        return None
    identifier, memory, form, datatype, _, *dims = HEADER.unpack_from(data)
    if memory != _CPU:
        raise ServerDies(f"{what}: memory type {memory} instead of 1 (CPU)")
    if form not in _FORMATS:
        raise ServerDies(f"{what}: format {form} instead of 1, 2 or 4")
    if datatype not in _DTYPES:
        raise ServerDies(f"{what}: values of the unknown type 0x{datatype:x}")
    shape = tuple(dims[: dims.index(0)] if 0 in dims else dims)
    if not shape or min(shape) < 0:
        raise ServerDies(f"{what}: dims that begin with {dims[:4]}")
    dtype = _DTYPES[datatype]
    size = math.prod(shape) * dtype.itemsize
    if size > tensor.DEFAULT_LIMIT_BYTES:
        return None  # dims larger than any data
    payload: bytes | None = data[HEADER.size :]
    if identifier == _FPZIP:
        return _read_fpzip(data, what)
    if identifier == _DEFLATE:
        payload = _inflate(data[HEADER.size :], size, what)
    elif identifier != _RAW:
        return None
    if payload is None or len(payload) < size:
        return None
    values = np.frombuffer(payload[:size], dtype).reshape(shape)
    return _widen(values) if datatype == _BFLOAT16 else values


def _inflate(payload: bytes, size: int, what: str) -> bytes | None:
    """Return as many bytes as the dims ask for, or fewer; None where it is rubbish."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        values = stream.decompress(payload, size)
    except zlib.error:
        return None
    if len(values) < size and not stream.eof:
        raise ServerHangs(f"{what}: a deflate stream that is cut short, which is read for ever")
    return values


def _read_fpzip(data: bytes, what: str) -> np.ndarray:
    try:
        return tensor.decode(data)
    except BadTensor as error:
        raise ServerDies(f"{what}: a damaged fpzip stream") from error


def _widen(halves: np.ndarray) -> np.ndarray:
    return (halves.astype(np.uint32) << 16).view(np.float32)


def to_float16(array: np.ndarray, what: str) -> np.ndarray:
    """Return a picture in the type that a server works in. Raises ServerDies for whole numbers."""
    if array.dtype.kind != "f":
        raise ServerDies(f"{what}: values of {array.dtype} instead of float16")
    with np.errstate(over="ignore"):
        return array.astype(np.float16)


def misread(mask: np.ndarray) -> np.ndarray:
    """Return a mask as a server takes it, whatever its type: one byte a pixel."""
    if mask.dtype == np.uint8 or not mask.size:
        return mask
    return np.frombuffer(mask.tobytes()[: mask.size], np.uint8).reshape(mask.shape)
