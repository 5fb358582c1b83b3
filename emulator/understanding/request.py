"""A generation request as a server understands it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ...facts.model_version import ModelVersion
from ...facts.sizes import BLOCK_PX
from ...proto.generation_config_fbs import GenerationConfigurationT
from ..stock.specifications import Specification


class ServerDies(Exception):
    """A real server would crash here; `reason` says on what."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Hint:
    """The pictures of one hint type, float16 except for scribbles, each with its weight."""

    kind: str
    pictures: tuple[np.ndarray, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True)
class Request:
    """What a client asks for, as far as a server understands it.

    `image`: float16 [frames, height, width, channels], -1 to 1. `mask`: [height, width], as it is
    read. `model` and `model_file` are what will be used. `remarks` are the things that a real
    server passes over in silence.
    """

    prompt: str
    negative_prompt: str
    config: GenerationConfigurationT
    scale_factor: int
    image: np.ndarray | None
    mask: np.ndarray | None
    hints: Mapping[str, Hint]
    override: Mapping[str, tuple[Specification, ...]]
    model_file: str
    model: Specification
    version: ModelVersion
    chunked: bool
    remarks: tuple[str, ...] = field(default=())

    @property
    def width(self) -> int:
        """Configured width in pixels."""
        return self.config.startWidth * BLOCK_PX

    @property
    def height(self) -> int:
        """Configured height in pixels."""
        return self.config.startHeight * BLOCK_PX
