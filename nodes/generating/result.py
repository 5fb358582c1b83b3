"""What came back, as the node gives it on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ...client.configuration import clipboard
from ...client.generation.assemble import Prepared
from ...client.generation.request import GenerationRequest
from ...client.generation.results import to_sound
from ...client.pool.events import Finished, Missing
from ...codec import audio
from ...codec.audio import Sound
from ...codec.fit import split_alpha
from ...facts import versions
from . import media


@dataclass(frozen=True, eq=False)
class Result:
    """What came back.

    `images` is an IMAGE [batch, height, width, 3], `transparency` a MASK [batch, height, width], 1
    where a picture is transparent, `sound` an AUDIO and `video` a VIDEO, or None; `seeds` has one
    entry for each request, `request` is JSON of the first.
    """

    images: torch.Tensor
    transparency: torch.Tensor
    sound: Sound | None
    video: object | None
    fps: float
    seeds: list[int]
    request: str


def result(
    prepared: Prepared, made: Sequence[Finished | Missing], pictures: torch.Tensor
) -> Result:
    """Return what was made of the requests, in their order; may block.

    `pictures` is all of it as an IMAGE [batch, height, width, 3 or 4].
    """
    first = prepared.requests[0]
    known = versions.find(first.version)
    images, transparency = _split(pictures)
    sounds = [to_sound(sound, first.version) for one in made for sound in one.sounds]
    sound = audio.batch(sounds) if sounds else None
    fps = media.frame_rate(first.override.model(first.config.model), first.version)
    return Result(
        images,
        transparency,
        sound,
        media.video(images, fps, sound) if known and known.is_video else None,
        fps,
        [prepared.requests[one.item].config.seed for one in made],
        _summary(first),
    )


def _summary(request: GenerationRequest) -> str:
    """Return what was sent as JSON, for metadata: prompts, model, configuration; no secret."""
    return json.dumps(
        {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "model": request.config.model,
            "version": request.version,
            "configuration": clipboard.to_object(request.config),
        },
        ensure_ascii=False,
    )


def _split(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return colours and transparency of pictures with or without alpha."""
    colours, transparency = split_alpha(images)
    if transparency is None:  # numpy's zeros take no memory until somebody writes to them
        transparency = torch.from_numpy(np.zeros(colours.shape[:3], np.float32))
    return colours, transparency
