"""Compares and moves colours: brightness, sRGB to CIE Lab and back, one palette onto another."""

from __future__ import annotations

import numpy as np

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Linear sRGB to XYZ relative to the white point D65.
_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ],
    np.float32,
) / np.array([[0.95047], [1.0], [1.08883]], np.float32)
_FROM_XYZ = np.linalg.inv(_TO_XYZ).astype(np.float32)
_TO_LAB = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]], np.float32)
_FROM_LAB = np.linalg.inv(_TO_LAB).astype(np.float32)
# More pixels than this tell nothing new about a picture's colours.
_ENOUGH = 1 << 14


def brightness(picture: np.ndarray) -> np.ndarray:
    """Return how bright each pixel is: float32 [height, width, 1] of [height, width, 3]."""
    return (picture @ _LUMA)[..., None]


def to_lab(picture: np.ndarray) -> np.ndarray:
    """Return the Lab values of sRGB colours, 0 to 1; lightness from -16 to 84."""
    unit = np.clip(picture, 0, 1)
    linear = np.where(unit > 0.04045, ((unit + 0.055) / 1.055) ** 2.4, unit / 12.92)
    return np.cbrt(linear @ _TO_XYZ.T) @ _TO_LAB.T


def from_lab(lab: np.ndarray) -> np.ndarray:
    """Return the sRGB colours, 0 to 1, of Lab values as `to_lab` gives them."""
    linear = np.clip(((lab @ _FROM_LAB.T) ** 3) @ _FROM_XYZ.T, 0, 1)
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear).astype(
        np.float32
    )


def match(picture: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the picture in the reference's colours: the same mean and spread in Lab.

    Both are float32 [height, width, 3], 0 to 1, of any size.
    """
    lab = to_lab(picture)
    wanted = to_lab(_thinned(reference))
    found = _thinned(lab)
    mean, spread = found.mean(axis=(0, 1)), found.std(axis=(0, 1))
    # A flat picture has nothing to stretch.
    factor = np.clip(wanted.std(axis=(0, 1)) / np.maximum(spread, 0.5), 0, 2.5)
    return from_lab((lab - mean) * factor + wanted.mean(axis=(0, 1)))


def _thinned(picture: np.ndarray) -> np.ndarray:
    step = max(1, int((picture.shape[0] * picture.shape[1] / _ENOUGH) ** 0.5))
    return picture[::step, ::step]


def turn_hues(picture: np.ndarray, angle: float) -> np.ndarray:
    """Return the picture with every hue turned by an angle in radians; greys stay."""
    third, root = (1 - np.cos(angle)) / 3, np.sin(angle) / np.sqrt(3)
    matrix = np.full((3, 3), third) + np.eye(3) * np.cos(angle)
    matrix += root * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    return picture @ matrix.T.astype(np.float32)
