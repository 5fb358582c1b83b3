"""Marks a picture with what has no shape of its own: LoRAs, refiner and finer settings."""

from __future__ import annotations

import math

import numpy as np

from ..understanding.effects import ActiveLora, Effects
from ..understanding.request import Request
from .colour import brightness, turn_hues
from .palette import number_of
from .texture import field, mix, sharpen, smoothstep

_MOST_WEIGHT = 4.0
_USUAL_GUIDANCE_EMBED = 3.5


def mark(picture: np.ndarray, request: Request, effects: Effects) -> np.ndarray:
    """Return the picture as LoRAs, the refiner and settings leave it; without any, untouched.

    `picture`: float32 [height, width, 3], about 0 to 1.
    """
    for lora in effects.loras:
        if lora.weight * lora.share:
            picture = brush(picture, lora)
    if effects.refiner is not None:
        picture = _refine(picture, request, str(effects.refiner["file"]))
    return _settle(picture, request)


def brush(picture: np.ndarray, lora: ActiveLora) -> np.ndarray:
    """Return the picture with a LoRA's own strokes and tone, in proportion to its weight.

    Direction, rhythm and colour of the strokes are those of the file; a negative weight paints in
    the opposite colour.
    """
    amount = max(-_MOST_WEIGHT, min(_MOST_WEIGHT, lora.weight)) * lora.share
    rng = np.random.default_rng(int(number_of(lora.file) * 2**48))
    height, width = picture.shape[:2]
    unit = (height * width) ** 0.5
    angle, waves, hue = rng.uniform(0, math.pi), rng.uniform(13, 26), rng.uniform(0, 2 * math.pi)
    y = ((np.arange(height, dtype=np.float32) + 0.5) / unit)[:, None]
    x = ((np.arange(width, dtype=np.float32) + 0.5) / unit)[None, :]
    bend = 0.05 * field(rng, height, width, 3 * height / unit, 3 * width / unit)
    along = (math.cos(angle) * x + math.sin(angle) * y + bend) * waves * 2 * math.pi
    # Thick and thin strokes, laid down in patches, as by a hand.
    patches = 0.6 + 0.4 * field(rng, height, width, 5 * height / unit, 5 * width / unit)
    strokes = smoothstep(0.25, 0.75, np.sin(along) * patches)[..., None]
    colour = 0.5 + 0.5 * np.cos(hue - np.array([0, 2, 4], np.float32) * math.pi / 3)
    tone = (colour - colour.mean()).astype(np.float32)
    change = 0.22 * strokes * tone + 0.10 * tone + 0.05 * (strokes - 0.3)
    return picture + np.float32(amount) * change.astype(np.float32)


def _refine(picture: np.ndarray, request: Request, file: str) -> np.ndarray:
    """Return the picture with the tone of a refiner, the more, the earlier it takes over."""
    start = request.config.refinerStart
    amount = 1 - min(max(start if math.isfinite(start) else 0.0, 0.0), 1.0)
    curved = smoothstep(-0.05, 1.05, picture)  # more contrast between middle tones
    warmth = (number_of(file) - 0.5) * np.array([0.12, 0.0, -0.12], np.float32)
    return mix(picture, curved + np.sign(number_of(file) - 0.5) * 0.02 + warmth, amount)


def _settle(picture: np.ndarray, request: Request) -> np.ndarray:
    config = request.config
    if config.clipSkip > 1 and request.version.clip_skip:
        picture = turn_hues(picture, 0.10 * min(config.clipSkip - 1, 22))
    model = request.model
    embed = config.guidanceEmbed
    if model.get("guidance_embed") and embed != _USUAL_GUIDANCE_EMBED and math.isfinite(embed):
        push = math.tanh((embed - _USUAL_GUIDANCE_EMBED) / 10)
        picture = mix(brightness(picture), picture, 1 + 0.4 * push)
    for used, text in (
        (config.separateClipL, config.clipLText),
        (config.separateOpenClipG, config.openClipGText),
        (config.separateT5, config.t5Text),
    ):
        if used and text:
            picture = turn_hues(picture, 0.5 * (number_of(text) - 0.5))
    if config.sharpness > 0:
        sigma = 0.003 * (picture.shape[0] * picture.shape[1]) ** 0.5
        picture = sharpen(picture, 2.0 * min(config.sharpness, 30.0) / 30.0, max(sigma, 0.8))
    return picture
