"""Changes bytes the way faults and attackers do; the same seed gives the same changes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

Change = Callable[[random.Random, bytearray, Sequence[bytes]], None]

MOST_BYTES = 1 << 16
_WORDS = (
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b'"',
        b":",
        b",",
        b"null",
        b"true",
        b"1e400",
        b"-0",
        b"NaN",
        b"\\u0000",
    ),
    *(
        b"\\ud800",
        b"\xe2\x80\xae",
        b"\xff\xfe",
        b"../",
        b"\r\n",
        b'"file":',
        b'"version":',
        b'"name":',
    ),
    *(b"\x00" * 4, b"\xff" * 4, b"\x01\x00\x00\x00", b"\x00\x00\x02\x00", b"\x17\x72\x0f\x00"),
)
_NUMBERS = (0, 1, 2, 3, 4, 7, 8, 63, 64, 127, 128, 255, 256, 1 << 15, 1 << 16, 1 << 24, 1 << 31)


def _flip(draw: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = draw.randrange(len(data))
    data[at] ^= 1 << draw.randrange(8)


def _byte(draw: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    data[draw.randrange(len(data))] = draw.randrange(256)


def _number(draw: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    """Write a number of 1, 2, 4 or 8 bytes that is often a limit."""
    width = draw.choice((1, 2, 4, 8))
    value = (draw.choice(_NUMBERS) * draw.choice((1, -1)) + draw.randrange(-1, 2)) % (
        1 << 8 * width
    )
    at = draw.randrange(len(data))
    data[at : at + width] = value.to_bytes(width, "little")


def _remove(draw: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = draw.randrange(len(data))
    del data[at : at + draw.choice((1, 2, 4, 8, 64, len(data)))]


def _repeat(draw: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = draw.randrange(len(data))
    part = data[at : at + draw.choice((1, 4, 16, 64))]
    data[at:at] = part * draw.choice((1, 2, 16))


def _insert(draw: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    at = draw.randrange(len(data) + 1)
    data[at:at] = draw.choice(_WORDS)


def _replace(draw: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    word = draw.choice(_WORDS)
    at = draw.randrange(len(data))
    data[at : at + len(word)] = word


def _splice(draw: random.Random, data: bytearray, others: Sequence[bytes]) -> None:
    other = draw.choice(others)
    if other:
        start = draw.randrange(len(other))
        at = draw.randrange(len(data) + 1)
        data[at:] = other[start : start + draw.choice((4, 16, 256, len(other)))]


_CHANGES: tuple[Change, ...] = (
    *(_flip, _byte, _number, _remove, _repeat, _insert, _replace, _splice),
    *(_number, _replace, _flip),
)


def mutate(draw: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Return `data` with one to six changes, some of them taken from the other inputs."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        if not changed:
            changed[:] = draw.choice(_WORDS)
        draw.choice(_CHANGES)(draw, changed, others)
    return bytes(changed[:MOST_BYTES])
