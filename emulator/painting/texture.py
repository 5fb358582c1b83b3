"""Smooth random fields and the resampling that pictures are painted with, in numpy alone."""

from __future__ import annotations

import numpy as np


def _weights(count: int, size: float, cells: int) -> np.ndarray:
    """Return the cubic B-spline weights of knots at places: float32 [count, cells + 3]."""
    place = (np.arange(count, dtype=np.float32) + 0.5) / count * size
    index = np.minimum(place.astype(np.int32), cells - 1)
    t = place - index
    taps = np.stack(
        [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1
    ) / np.float32(6)
    weights = np.zeros((count, cells + 3), np.float32)
    weights[np.arange(count)[:, None], index[:, None] + np.arange(4)] = taps
    return weights


def field(
    rng: np.random.Generator, height: int, width: int, down: float, across: float
) -> np.ndarray:
    """Return a smooth field of `down` x `across` waves: float32 [height, width], about -1 to 1."""
    rows, columns = int(np.ceil(down)), int(np.ceil(across))
    knots = rng.uniform(-1.5, 1.5, (rows + 3, columns + 3)).astype(np.float32)
    return _weights(height, down, rows) @ knots @ _weights(width, across, columns).T


def fractal(
    rng: np.random.Generator, height: int, width: int, down: float, across: float, octaves: int
) -> np.ndarray:
    """Return a sum of ever finer fields: float32 [height, width], about -1 to 1."""
    total = np.zeros((height, width), np.float32)
    seeds = rng.integers(1 << 62, size=octaves)  # drawn at once: every size gets the same octaves
    for octave, seed in enumerate(seeds.tolist()):
        scale = 2.0**octave
        # A field finer than the pixels would be noise that no picture of another size repeats.
        if octave and max(down * scale / height if height > 1 else 0, across * scale / width) > 0.4:
            break
        # A line has no second direction to be finer in.
        waves = down * scale if height > 1 else 1.0
        share = np.float32(0.5 ** (octave + 1))
        total += share * field(np.random.default_rng(seed), height, width, waves, across * scale)
    return total


def line(rng: np.random.Generator, width: int, across: float, octaves: int) -> np.ndarray:
    """Return a fractal line: float32 [width], about -1 to 1."""
    return fractal(rng, 1, width, 1.0, across, octaves)[0]


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Return 0 below `low`, 1 above `high` and a smooth passage between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(first: np.ndarray, second: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Return `first` where `share` is 0 and `second` where it is 1."""
    return first + (second - first) * share


def resize(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a picture at another size: means when it shrinks, straight lines when it grows.

    `picture`: float32 [rows, columns, channels].
    """
    rows, columns = (
        (np.arange(new, dtype=np.float32) + 0.5) * old / new - 0.5
        for old, new in zip(picture.shape, (height, width), strict=False)
    )
    return sample(picture, rows, columns)


def sample(picture: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return a picture at evenly spaced places, which may lie between its pixels.

    `rows`, `columns`: float32 [height] and [width], in pixels of the picture.
    """
    down = _resampling(picture.shape[0], rows)
    across = _resampling(picture.shape[1], columns)
    return np.einsum(
        "yr,rxc->yxc", down, np.einsum("xw,rwc->rxc", across, picture, optimize=True), optimize=True
    )


def _resampling(old: int, centres: np.ndarray) -> np.ndarray:
    """Return the matrix that resamples a line: float32 [new, old], rows summing to 1."""
    reach = max(old / len(centres), 1.0)
    distance = np.abs(
        np.arange(old, dtype=np.float32)[None] - np.clip(centres, 0, old - 1)[:, None]
    )
    weights = np.clip(1 - distance / reach, 0, None)
    return weights / weights.sum(axis=1, keepdims=True)


def blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Return a picture blurred by a Gaussian that ends after three sigmas; edges repeat.

    `picture`: float32 [rows, columns] or [rows, columns, channels]; `sigma` in pixels.
    """
    if sigma <= 0:
        return picture
    down, across = (_blurring(side, sigma) for side in picture.shape[:2])
    rows, columns, *rest = picture.shape
    across_first = np.tensordot(across, picture, (1, 1))  # [columns, rows, ...]
    return (
        (down @ across_first.swapaxes(0, 1).reshape(rows, -1))
        .reshape(rows, columns, *rest)
        .astype(np.float32)
    )


def _blurring(count: int, sigma: float) -> np.ndarray:
    """Return the matrix that blurs a line: float32 [count, count], rows summing to 1."""
    reach = int(np.ceil(3 * sigma))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights = np.zeros((count, count))
    places = np.arange(count)
    for offset, tap in zip(range(-reach, reach + 1), taps / taps.sum(), strict=True):
        np.add.at(weights, (places, np.clip(places + offset, 0, count - 1)), tap)
    return weights.astype(np.float32)


def shifted(texture: np.ndarray, distance: int, axis: int) -> np.ndarray:
    """Return a texture moved along an axis; what moves in repeats the edge."""
    places = np.clip(np.arange(texture.shape[axis]) - distance, 0, texture.shape[axis] - 1)
    return np.take(texture, places, axis=axis)


def sharpen(picture: np.ndarray, amount: float, sigma: float) -> np.ndarray:
    """Return the picture with what is finer than `sigma` pixels made stronger."""
    return picture + amount * (picture - blur(picture, sigma))


def without_alpha(picture: np.ndarray) -> np.ndarray:
    """Return the colours of A, R, G, B, -1 to 1, on white; what has three channels as it is."""
    if picture.shape[-1] != 4:
        return picture
    alpha = picture[..., :1]
    return picture[..., 1:] * alpha + (1 - alpha)


def to_unit(tensor: np.ndarray, time: float = 0.0) -> np.ndarray:
    """Return the frame of a picture tensor at a time: float32 [height, width, channels], 0 to 1.

    `tensor`: [frames, height, width, channels], -1 to 1; `time` runs from 0 to 1. What is
    transparent is white.
    """
    frame = without_alpha(tensor[round(time * (tensor.shape[0] - 1))].astype(np.float32))
    return np.clip((np.nan_to_num(frame) + 1) / 2, 0, 1)
