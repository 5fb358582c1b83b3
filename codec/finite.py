"""What an array holds, found in a fraction of the time of a look at each value."""

from __future__ import annotations

import numpy as np

# Patterns of float16: of its largest values, which those of infinity and NaN are beyond, and of 1.
_LARGEST_HALF, _SMALLEST_HALF = 0x7BFF, 0xFBFF
_ONE, _MINUS_ONE = 0x3C00, 0xBC00
_LARGEST = float(np.finfo(np.float32).max)


def is_finite(array: np.ndarray) -> bool:
    """Return whether no value of a floating array is infinite or NaN; an empty one holds none.

    As float32, which is what becomes of float64: beyond its range that is infinite, too.
    """
    if array.size == 0:
        return True
    if array.dtype == np.float16:
        return _is_within(array, _SMALLEST_HALF, _LARGEST_HALF)
    return bool(array.min() >= -_LARGEST and array.max() <= _LARGEST)  # NaN where one is


def is_signed_unit(halves: np.ndarray) -> bool:
    """Return whether all values of a float16 array are -1 to 1, and none is NaN."""
    return _is_within(halves, _MINUS_ONE, _ONE)


def _is_within(halves: np.ndarray, lowest: int, highest: int) -> bool:
    """Return whether all values of a float16 array are from a negative to a positive one, of which
    these are the patterns: processors compare those many at a time, but not the values.
    """
    patterns = halves.view(np.int16)
    return bool(patterns.max() <= highest and patterns.view(np.uint16).max() <= lowest)
