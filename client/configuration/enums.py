"""The choices of a configuration: the wire's values, the app's labels (docs/configuration.md 2)."""

from __future__ import annotations

import enum


class SeedMode(enum.IntEnum):
    """How noise is made from the seed."""

    LEGACY = 0
    TORCH_CPU_COMPATIBLE = 1
    SCALE_ALIKE = 2
    NVIDIA_GPU_COMPATIBLE = 3

    @property
    def label(self) -> str:
        """Return the app's name."""
        return _SEED_MODE_LABELS[self]


_SEED_MODE_LABELS = {
    SeedMode.LEGACY: "Legacy",
    SeedMode.TORCH_CPU_COMPATIBLE: "Torch CPU Compatible",
    SeedMode.SCALE_ALIKE: "Scale Alike",
    SeedMode.NVIDIA_GPU_COMPATIBLE: "NVIDIA GPU Compatible",
}


class ControlMode(enum.IntEnum):
    """Whether the prompt or the control weighs more."""

    BALANCED = 0
    PROMPT = 1
    CONTROL = 2


class LoRAMode(enum.IntEnum):
    """Which of model and refiner a LoRA is applied to; counts only where there is a refiner."""

    ALL = 0
    BASE = 1
    REFINER = 2


class CompressionMethod(enum.IntEnum):
    """How the app degrades a reference before it sends it; a server ignores it."""

    DISABLED = 0
    H264 = 1
    H265 = 2
    JPEG = 3


class ColorCalibration(enum.IntEnum):
    """Whether the colours of the result are matched to those of the input image."""

    DISABLED = 0
    LAB = 1
