"""The VIDEO type: frames, a rate, and perhaps sound. Nothing is encoded here."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass
class VideoComponents:
    """Images [frames, height, width, 3], frames per second, and an AUDIO or None."""

    images: Any
    frame_rate: Fraction
    audio: Any = None
    metadata: dict[str, Any] | None = None


class VideoFromComponents:
    """A video that is not a file yet."""

    def __init__(self, components: VideoComponents) -> None:
        self._components = components

    def get_components(self) -> VideoComponents:
        """Return a copy of what the video was made of."""
        own = self._components
        return VideoComponents(images=own.images, audio=own.audio, frame_rate=own.frame_rate)

    def get_dimensions(self) -> tuple[int, int]:
        """Return width and height in pixels."""
        return self._components.images.shape[2], self._components.images.shape[1]

    def get_duration(self) -> float:
        """Return the seconds that the frames last."""
        return float(self._components.images.shape[0] / self._components.frame_rate)


class InputImpl:
    """Classes that make values of types."""

    VideoFromComponents = VideoFromComponents


class Types:
    """Classes that values of types are made of."""

    VideoComponents = VideoComponents
