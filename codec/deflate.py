"""Packs and unpacks deflate streams, never into more bytes than were announced."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np

from ..errors import Cancelled
from .damage import damaged

RAW_STREAM = -15  # window bits without zlib's header and checksum (docs/protocol.md 3.2)
ZLIB_STREAM = 15
_MEMORY_LEVEL = 9  # as the server's own encoder
_STEP = 1 << 18  # bytes of input between two looks at `stop`
_MAX_RATIO = 1040  # deflate cannot shrink anything by more than 1032


def deflate(data: np.ndarray, *, level: int = 1, window_bits: int = RAW_STREAM) -> bytes:
    """Return the deflate stream of the bytes in row-major order; `level` is zlib's, 0 to 9."""
    packer = zlib.compressobj(level, zlib.DEFLATED, window_bits, _MEMORY_LEVEL)
    return packer.compress(np.ascontiguousarray(data).data) + packer.flush()


def inflate(
    payload: memoryview,
    size_bytes: int,
    *,
    window_bits: int = RAW_STREAM,
    stop: Callable[[], bool] | None = None,
) -> np.ndarray:
    """Return the unpacked bytes, uint8 [size_bytes]; what follows the stream's end is ignored.

    Raises BadTensor unless the stream ends after exactly `size_bytes` (the server's own decoder
    loops for ever on a cut stream and cuts a long one), Cancelled once `stop()` is true.
    """
    if size_bytes > _MAX_RATIO * len(payload):
        raise damaged(f"{len(payload)} deflated bytes cannot hold {size_bytes}")
    unpacker = zlib.decompressobj(window_bits)
    unpacked = np.empty(size_bytes, np.uint8)
    filled = 0
    for start in range(0, len(payload), _STEP):
        if stop is not None and stop():
            raise Cancelled
        try:
            # One byte more than there is room for, so that a stream that is too long shows.
            part = unpacker.decompress(payload[start : start + _STEP], size_bytes - filled + 1)
        except zlib.error as error:
            raise damaged(f"its deflate stream is broken ({error})") from error
        if filled + len(part) > size_bytes:
            raise damaged(f"its deflate stream holds more than the {size_bytes} bytes announced")
        unpacked[filled : filled + len(part)] = np.frombuffer(part, np.uint8)
        filled += len(part)
        if unpacker.eof:
            break
    if not unpacker.eof or filled != size_bytes:
        state = "ends" if unpacker.eof else "is cut off"
        raise damaged(f"its deflate stream {state} after {filled} of {size_bytes} bytes")
    return unpacked
