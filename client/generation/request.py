"""What is asked of a server."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...facts import modifiers, versions
from ..catalog import lookup
from ..catalog.records import Catalog
from ..configuration.fields import GenerationConfig


@dataclass(frozen=True, eq=False)
class WeightedTensor:
    """A hint's picture; only `shuffle` hints read the weight."""

    array: np.ndarray
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Hint:
    """Pictures of one hint type; shapes and ranges by type are in docs/protocol.md 4.4."""

    type: str
    tensors: tuple[WeightedTensor, ...]


@dataclass(frozen=True, eq=False)
class GenerationRequest:
    """Everything about one generation.

    `image` is floating [1, height, width, 3], -1..1, or A, R, G, B for a model that reads alpha,
    which is 0..1; `mask` uint8 [height, width] of mask kinds 0
    to 4. `override` holds the specifications of exactly the files that are used: the server takes
    them for its own. `model_version` says the model's version where the override has no
    specification of it; without either, what depends on it is not checked.
    """

    prompt: str
    config: GenerationConfig
    negative_prompt: str = ""
    override: Catalog = field(default_factory=Catalog)
    image: np.ndarray | None = None
    mask: np.ndarray | None = None
    hints: tuple[Hint, ...] = ()
    keywords: tuple[str, ...] = ()
    model_version: str = ""

    @property
    def version(self) -> str:
        """Return the model's version, "" where it is not known."""
        spec = self.override.model(self.config.model)
        return self.model_version or (spec.version if spec else "")

    @property
    def modifier(self) -> str:
        """Return the effective modifier, "none" where there is none (docs/protocol.md 4.6)."""
        return lookup.modifier(self.config, self.override)

    @property
    def least_pictures(self) -> int:
        """Return the fewest pictures of a complete answer (docs/protocol.md 1.8, 4.2, 5.1)."""
        known = versions.find(self.version)
        if known is not None and (known.is_video or known.single):
            return 1
        if modifiers.find(self.modifier).layered:
            return 1  # batch_size counts layers
        if self.image is not None and self.mask is None and self.config.strength == 0:
            return 1  # nothing is sampled: the image comes back
        return self.config.batch_size

    @property
    def makes_video(self) -> bool:
        """Return whether the pictures of the answer are the frames of a video."""
        known = versions.find(self.version)
        return known is not None and known.is_video

    @property
    def ignores_image(self) -> bool:
        """Return whether no server would look at the image (docs/protocol.md 4.2, 4.6)."""
        known = versions.find(self.version)
        files = (
            self.override.model(self.config.model),
            *(self.override.lora(lora.file) for lora in self.config.loras),
        )
        return (
            self.image is not None
            and self.config.strength == 1
            and self.mask is None
            and None not in files  # each of which may have a modifier that reads it
            and self.modifier == "none"
            and not self.config.controls
            and not self.config.color_calibration
            and known is not None
            and not known.needs_image
        )
