"""What happens during a generation, one frozen record for each kind of news."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class Phase(enum.Enum):
    """Milestones of a generation; values are the wire's names (docs/protocol.md 9.1)."""

    TEXT_ENCODED = "textEncoded"
    IMAGE_ENCODED = "imageEncoded"
    SAMPLING = "sampling"
    IMAGE_DECODED = "imageDecoded"
    SECOND_PASS_IMAGE_ENCODED = "secondPassImageEncoded"
    SECOND_PASS_SAMPLING = "secondPassSampling"
    SECOND_PASS_IMAGE_DECODED = "secondPassImageDecoded"
    FACE_RESTORED = "faceRestored"
    IMAGE_UPSCALED = "imageUpscaled"


@dataclass(frozen=True)
class Plan:
    """What the server means to do: milestones, and the steps of both passes (0: no such pass)."""

    phases: frozenset[Phase] = frozenset()
    steps: int = 0
    second_pass_steps: int = 0


@dataclass(frozen=True)
class Queued:
    """The server has taken the request, and says more when its turn has come."""


@dataclass(frozen=True)
class Progress:
    """A milestone is reached; `step` counts completed steps in sampling phases, else it is 0."""

    phase: Phase
    step: int
    plan: Plan

    @property
    def total(self) -> int:
        """Return the steps of this phase; 0 where it has none or the server did not say."""
        if self.phase is Phase.SAMPLING:
            return self.plan.steps
        return self.plan.second_pass_steps if self.phase is Phase.SECOND_PASS_SAMPLING else 0


@dataclass(frozen=True, repr=False)
class Preview:
    """The unfinished picture as encoded latents: most are never shown, so none is decoded here.

    Unpacked, a preview for the size that was asked for has no more than `most_bytes`.
    """

    encoded: bytes
    most_bytes: int


@dataclass(frozen=True)
class RemoteDownload:
    """The server itself fetches a file: item `item` of `items`; 0 where it does not know a size."""

    received_bytes: int
    expected_bytes: int
    item: int
    items: int


@dataclass(frozen=True)
class DownloadSize:
    """The pictures are finished and `total_bytes` of them are coming, sound not counted."""

    total_bytes: int


@dataclass(frozen=True)
class Receiving:
    """Of the pictures `received_bytes` are here; `total_bytes` is 0 where none was announced."""

    received_bytes: int
    total_bytes: int


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """A result: float16 or float32 [1, height, width, 3], -1..1 but not clamped.

    With an alpha channel it is [1, height, width, 4] in the order A, R, G, B.
    `index` counts from 0: the image of the batch or the frame of the video. The array is
    `scale_factor` times the generated size: an upscaler's factor.
    """

    array: np.ndarray
    index: int
    scale_factor: int

    @property
    def size_bytes(self) -> int:
        """Return what the values take in memory."""
        return self.array.nbytes

    def alone(self) -> Picture:
        """Return the picture in memory of its own, as it is."""
        return self


@dataclass(frozen=True, eq=False, repr=False)
class Audio:
    """A sound: float32 [2, samples], -1..1; its rate follows from the model's version."""

    array: np.ndarray
    index: int

    @property
    def size_bytes(self) -> int:
        """Return what the values take in memory."""
        return self.array.nbytes


Event = Queued | Progress | Preview | RemoteDownload | DownloadSize | Receiving | Picture | Audio
