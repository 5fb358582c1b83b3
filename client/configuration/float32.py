"""How a number reads after it has travelled as a float32."""

from __future__ import annotations

import struct


def shortest(value: float) -> float:
    """Return the shortest decimal of a float32: 0.7, not 0.699999988079071.

    Raises OverflowError for a number beyond the largest float32.
    """
    packed = struct.pack("<f", value)
    for digits in range(1, 9):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.pack("<f", short) == packed:
                return short
        except OverflowError:
            continue  # rounded up beyond the largest float32
    return struct.unpack("<f", packed)[0]
