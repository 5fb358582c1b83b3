"""Arrays of numbers alone are told from others, by every pattern of a float16."""

from __future__ import annotations

import numpy as np
import pytest

from drawbridge.codec.finite import is_finite


def test_every_float16_is_judged_as_numpy_does() -> None:
    patterns = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    assert [is_finite(patterns[i : i + 1]) for i in range(1 << 16)] == np.isfinite(
        patterns
    ).tolist()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, -np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 500, 999])
def test_one_value_is_enough(dtype: type, value: float, place: int) -> None:
    values = np.linspace(-70000 if dtype is not np.float16 else -60000, 60000, 1000).astype(dtype)
    assert is_finite(values)
    assert is_finite(values.reshape(10, 100).T)
    values[place] = value
    assert not is_finite(values)
    assert not is_finite(values.reshape(10, 100).T)


def test_nothing_is_finite() -> None:
    assert is_finite(np.empty((0, 3), np.float16))


def test_float64_beyond_float32_is_infinite() -> None:
    assert is_finite(np.array([3e38, -3e38]))
    assert not is_finite(np.array([1.0, 1e39]))
