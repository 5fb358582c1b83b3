"""Works out where in its steps a pass starts, and whether guidance needs the negative prompt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ...facts.samplers import BY_STEP
from ...facts.snake_case import snake_keys
from .effects import Effects
from .request import Request

# Two strengths closer than this are the same to a sampler, which counts in thousandths.
_CLOSE = 1e-6


@dataclass(frozen=True)
class Start:
    """Where a pass of `steps` steps starts: `exact` may lie between two steps."""

    steps: int
    exact: float

    @property
    def from_noise(self) -> bool:
        """Return whether nothing of an image is left at the start."""
        return self.exact <= 0

    @property
    def step(self) -> int:
        """Return the first step that is sampled; equal to `steps` where none is."""
        return math.floor(self.exact)

    @property
    def sampled(self) -> int:
        """Return how many steps are sampled."""
        return self.steps - self.step


def find_start(request: Request, strength: float) -> Start:
    """Return where a pass of this strength starts (docs/protocol.md 9.2)."""
    config = request.config
    shift = effective_shift(request)
    return _start(strength, config.steps, shift, config.sampler, _terminal(request.model))


def find_second_stage_start(request: Request, strength: float) -> Start:
    """Return where Stable Cascade's second stage starts."""
    config = request.config
    shift = config.stage2Shift if 0 < config.stage2Shift < 1000 else 1.0
    return _start(strength, config.stage2Steps, shift, config.sampler)


def _terminal(model: Mapping[str, object]) -> float:
    """Return the sigma of the last step that a specification asks for, 0 where it asks for none."""
    inner: object = model.get("noise_discretization")
    for key in ("rf", "_0", "shift_terminal"):
        inner = snake_keys(inner).get(key) if isinstance(inner, Mapping) else None
    if isinstance(inner, bool) or not isinstance(inner, int | float) or not 0 < inner < 1:
        return 0.0
    return inner


def _start(strength: float, steps: int, shift: float, sampler: int, terminal: float = 0) -> Start:
    """Return where sigma is `strength`; `terminal` is that of the last step, 0 for the usual."""
    if sampler in BY_STEP:
        return Start(steps, steps - int(strength * steps))
    if terminal and steps > 1:  # all of it is stretched away from 1 (docs/protocol.md 16.5)
        last = shift / (shift + steps - 1)
        strength = 1 - (1 - strength) * (1 - last) / (1 - terminal)
    # The inverse of sigma = shift * u / (1 + (shift - 1) * u), with u = (steps - i) / steps.
    left = steps * strength / (shift - (shift - 1) * strength)
    whole = round(left)
    if abs(left - whole) < _CLOSE * max(steps, 1):  # what floats add to a whole number is no step
        left = whole
    return Start(steps, min(max(steps - left, 0.0), steps))


def effective_shift(request: Request) -> float:
    """Return the shift that is used: the configured one, or one computed from the size."""
    config = request.config
    model = request.model
    if (
        config.resolutionDependentShift
        and request.version.resolution_dependent_shift
        and not model.get("is_consistency_model")
    ):
        width, height = config.startWidth, config.startHeight
        if config.tiledDiffusion:
            width = min(width, config.diffusionTileWidth)
            height = min(height, config.diffusionTileHeight)
        return request.version.size_shift.at(width, height)
    return config.shift if 0 < config.shift < 1000 else 1.0


def uses_negative_prompt(request: Request, effects: Effects) -> bool:
    """Return whether classifier-free guidance is at work (docs/protocol.md 5.4)."""
    config = request.config
    model = request.model
    if model.get("is_consistency_model") or effects.consistency:
        return False
    if not request.version.guided:
        return False
    if model.get("guidance_embed") and config.speedUpWithGuidanceEmbed:
        return False
    scales = [config.guidanceScale]
    if request.version.image_conditioning:
        scales.append(config.startFrameCfg)
    if effects.modifier == "editing":
        scales.append(config.imageGuidanceScale)
    return any(abs(scale - 1) > 0.001 for scale in scales)
