"""The fields of a message as they lie in its bytes, without making anything of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED_64, BYTES, GROUP, FIXED_32 = 0, 1, 2, 3, 5


class Encoded(NamedTuple):
    """A message that is bytes already, and lacks alone the shared secret, its field `secret`."""

    secret: int
    data: bytes


class Field(NamedTuple):
    """A field on a message's uppermost level: its tag at `begin`, what it holds from `start` on."""

    tag: int
    begin: int
    start: int
    end: int


def fields(data: bytes) -> Iterator[Field]:
    """Yield the fields of a message in their order; a group's bounds count as one each.

    Raises IndexError or ValueError as soon as `data` is none; its last field may end beyond it.
    """
    at, end = 0, len(data)
    while at < end:
        begin = at
        tag, start = varint(data, at)
        at, wire = start, tag & 7
        if wire == BYTES:
            length, start = varint(data, at)
            at = start + length
        elif wire == VARINT:
            _, at = varint(data, at)
        elif wire == FIXED_64:
            at += 8
        elif wire == FIXED_32:
            at += 4
        yield Field(tag, begin, start, at)


def head(number: int, size_bytes: int) -> bytes:
    """Return what stands in front of so many bytes that are a field of that number."""
    return _as_varint(number << 3 | BYTES) + _as_varint(size_bytes)


def piece(number: int, data: bytes) -> bytes:
    """Return the field of that number that holds these bytes."""
    return head(number, len(data)) + data


def _as_varint(value: int) -> bytes:
    written = bytearray()
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and where it ends. Raises IndexError and ValueError where there is none."""
    byte = data[at]
    at += 1
    if byte < 0x80:
        return byte, at
    value, shift = byte & 0x7F, 7
    while byte >= 0x80:
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
    return value, at
