"""Makes previews: latents that a client turns back into the picture, clearer from step to step."""

from __future__ import annotations

import enum
import math

import numpy as np

from ...facts.latent_spaces import Kind, LatentSpace, find
from ...facts.model_version import ModelVersion
from ...facts.sizes import BLOCK_PX
from .texture import resize


class Stage(enum.Enum):
    """Which of a model's passes is at work; only Stable Cascade has two that look different."""

    ONLY = "only"
    FIRST = "first"
    SECOND = "second"


class Previews:
    """The previews of one pass.

    `frames`: float32 [height, width, 3], about -1 to 1, one per row of a preview.
    """

    def __init__(
        self,
        version: ModelVersion,
        frames: list[np.ndarray],
        width: int,
        height: int,
        seed: int,
        stage: Stage,
    ) -> None:
        channels, rows, columns = _shape(version, width, height, stage)
        space = find(version.id, channels)
        fold = space.patch if space is not None and space.kind is Kind.PATCH else 1
        clean = np.stack([resize(frame, rows * fold, columns * fold) for frame in frames])
        self._clean = _invert(space, clean, channels)
        rows_of_sound = version.sound_rows(len(frames), columns)
        if rows_of_sound:
            sound = _sound(self._clean, rows_of_sound)
            self._clean = np.concatenate([self._clean, sound], axis=1)
        self._rng = np.random.default_rng([seed, rows, columns])
        spread = float(self._clean.std()) or 1.0
        self._noise = self._rng.normal(0, 1.5 * spread, self._clean.shape).astype(np.float32)

    def at(self, done: float) -> np.ndarray:
        """Return the latents when `done` (0 to 1) of the pass is over.

        They are float32 [frames, rows, columns, channels].
        """
        left = (1 - done) ** 2
        return (1 - left) * self._clean + left * self._noise


def _shape(version: ModelVersion, width: int, height: int, stage: Stage) -> tuple[int, int, int]:
    """Return channels, rows and columns of a preview (docs/protocol.md 6)."""
    if stage is Stage.FIRST:
        rows, columns = (math.ceil(1.5 * side / BLOCK_PX) * 8 for side in (height, width))
        return 3, rows, columns
    if stage is Stage.SECOND:
        return 4, height // 4, width // 4
    cell = version.pixels_per_cell
    return version.channels, int(height // cell), int(width // cell)


def _sound(clean: np.ndarray, rows: int) -> np.ndarray:
    """Return the rows that hold the sound, below the picture's (docs/protocol.md 7)."""
    frames, _, columns, channels = clean.shape
    wave = np.sin(np.arange(rows * columns * channels, dtype=np.float32) * 0.05)
    return np.broadcast_to(
        wave.reshape(1, rows, columns, channels), (frames, rows, columns, channels)
    )


def _invert(space: LatentSpace | None, frames: np.ndarray, channels: int) -> np.ndarray:
    """Return latents whose preview is the frames: float32 [frames, rows, columns, channels].

    `frames`: float32 [frames, rows, columns, 3], -1 to 1; for a patch space, rows and columns in
    pixels. A space without a way back to colours gets latents of the same structure.
    """
    frames = np.clip(frames, -1, 1)
    unit = (frames + 1) / 2
    if space is None or space.kind is Kind.NONE:
        spread = np.random.default_rng(channels).normal(0, 1, (3, channels)).astype(np.float32)
        return frames @ spread
    if space.kind is Kind.DIRECT:
        return unit
    if space.kind is Kind.PATCH:
        side = space.patch
        count, rows, columns = frames.shape[0], frames.shape[1] // side, frames.shape[2] // side
        cells = frames.reshape(count, rows, side, columns, side, 3).transpose(0, 1, 3, 5, 2, 4)
        return cells.reshape(count, rows, columns, channels)
    if space.kind is Kind.OKLAB:
        target = _to_oklab(unit, space)
    else:
        target = (unit * 255 - space.offset) / space.scale
    matrix = np.asarray(space.matrix, np.float64)
    back = np.linalg.pinv(matrix)
    return ((target - np.asarray(space.bias)) @ back).astype(np.float32)


def _to_oklab(unit: np.ndarray, space: LatentSpace) -> np.ndarray:
    """Return the OKLab values of sRGB colours from 0 to 1."""
    linear = np.where(unit > 0.04045, ((unit + 0.055) / 1.055) ** 2.4, unit / 12.92)
    to_lms = np.linalg.inv(np.asarray(space.lms_to_rgb, np.float64)).T
    to_lab = np.linalg.inv(np.asarray(space.lms_cube_root, np.float64)).T
    return np.cbrt(linear @ to_lms) @ to_lab
