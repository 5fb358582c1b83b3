"""How the bytes of a tensor can be damaged, by name: its header, its body, its values."""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from ...codec import tensor
from ...errors import BadTensor

_HEADER = tensor.HEADER
_FIRST_DIM = 5  # the words before: identifier, memory, format, datatype, reserved


def _with(data: bytes, word: int, value: int) -> bytes:
    """Return a tensor whose header has another value in one place."""
    words = list(_HEADER.unpack_from(data))
    words[word] = value
    return _HEADER.pack(*words) + data[_HEADER.size :]


def _body(data: bytes, change: Callable[[bytearray], None]) -> bytes:
    body = bytearray(data[_HEADER.size :])
    change(body)
    return data[: _HEADER.size] + bytes(body)


def _noise(body: bytearray) -> None:
    at = len(body) // 3
    body[at:] = np.random.default_rng(7).bytes(len(body) - at)


def _filled(body: bytearray) -> None:
    at = len(body) // 3
    body[at:] = b"\xff" * (len(body) - at)


def _values(data: bytes, fill: float) -> bytes:
    """Return a tensor of which a quarter is `fill`, raw."""
    values = np.array(tensor.decode(data))
    rows = max(values.shape[-3 if values.ndim > 2 else -1] // 4, 1)
    where = (
        (..., slice(0, rows), slice(None), slice(None)) if values.ndim > 2 else (..., slice(rows))
    )
    values[where] = fill
    return tensor.encode(values)


def _planes(data: bytes) -> bytes:
    """Return a tensor with a channel too many, as nobody's pictures have."""
    values = tensor.decode(data)
    return tensor.encode(np.repeat(values[..., :1], 7, axis=-1))


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "header": lambda data: data[:40],
    "bare": lambda data: data[: _HEADER.size],
    "cut": lambda data: data[: _HEADER.size + (len(data) - _HEADER.size) // 2],
    "noise": lambda data: _body(data, _noise),
    "filled": lambda data: _body(data, _filled),
    "text": lambda data: b"<html><body>502 Bad Gateway</body></html>" * 4,
    "codec": lambda data: _with(data, 0, 0x5EED),
    "type": lambda data: _with(data, 3, 0x80000),
    "huge": lambda data: _with(data, _FIRST_DIM + 1, 1 << 30),
    "negative": lambda data: _with(data, _FIRST_DIM + 1, -1),
    "zero": lambda data: _with(data, _FIRST_DIM, 0),
    "taller": lambda data: _with(data, _FIRST_DIM + 1, 2 * _HEADER.unpack_from(data)[6]),
    "nan": lambda data: _values(data, float("nan")),
    "infinite": lambda data: _values(data, float("inf")),
    "planes": _planes,
}


def damage(data: bytes, how: str) -> bytes:
    """Return the bytes of a tensor with this damage; what is none stays as it is."""
    try:
        return DAMAGES[how](data)
    except (BadTensor, struct.error):
        return data


def resized(data: bytes, size: tuple[int, ...]) -> bytes:
    """Return a picture in another size: (width, height) or (width, height, channels)."""
    values = tensor.decode(data)
    width, height, channels = (*size, values.shape[-1])[:3]
    rows = np.arange(height) * values.shape[-3] // height
    columns = np.arange(width) * values.shape[-2] // width
    picture = values[..., rows, :, :][..., columns, :]
    return tensor.encode(np.resize(picture, (*picture.shape[:-1], channels)))
