"""What a job will do: its route, sizes, steps and milestones."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ...proto import image_service_pb2 as pb2


class Route(enum.Enum):
    """Which way a server takes through its generator."""

    TEXT = "text to image"
    IMAGE = "image to image"
    MASK = "image to image under a mask"
    RETURN = "the image itself, only enlarged"
    NOTHING = "no picture"


@dataclass(frozen=True)
class Plan:
    """One job: what it samples, how large, how often, and what it says meanwhile.

    `width`, `height`: pixels of a result before the upscaler. `start` is the first pass's first
    step, so it samples `steps` of `start + steps`; `second_steps` is 0 without a second pass.
    `frames` counts the results.
    """

    route: Route
    width: int
    height: int
    first_width: int
    first_height: int
    start: int
    steps: int
    second_steps: int
    batch: int
    frames: int
    latent_frames: int
    scale: int
    upscales: bool
    restores_faces: bool
    signposts: tuple[pb2.ImageGenerationSignpostProto, ...]
