"""What came back, as the node gives it on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ...client.configuration import clipboard
from ...client.generation.assemble import Prepared
from ...client.generation.events import Picture
from ...client.generation.request import GenerationRequest
from ...client.generation.results import to_image, to_sound
from ...client.pool.events import Finished, Missing
from ...codec import audio
from ...codec.audio import Sound
from ...codec.fit import split_alpha
from ...errors import GenerationFailed
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


def result(prepared: Prepared, made: Sequence[Finished | Missing]) -> Result:
    """Return what was made of the requests, in their order; may block.

    Raises GenerationFailed for pictures that make up no batch.
    """
    first = prepared.requests[0]
    known = versions.find(first.version)
    images, transparency = _split([picture for one in made for picture in one.pictures])
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


def _split(pictures: Sequence[Picture]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return colours and transparency of pictures with or without alpha.

    Raises GenerationFailed for pictures that make up no batch.
    """
    first = to_image(pictures[0])
    whole = first
    if len(pictures) > 1:  # without a second copy of all
        whole = torch.empty((len(pictures), *first.shape[1:]), dtype=first.dtype)
    kinds = dict.fromkeys([_kind(first)])
    for place, picture in enumerate(pictures[1:] if len(pictures) > 1 else (), 1):
        image = to_image(picture)
        kinds[_kind(image)] = None
        if len(kinds) > 1:
            break
        whole[place] = image[0]
    if len(kinds) > 1:
        told = " and ".join(
            f"{width} x {height} {'with' if channels == 4 else 'without'} alpha"
            for height, width, channels in kinds
        )
        raise GenerationFailed(
            f"The server's pictures differ, {told}, and a batch holds those of one kind only.",
            "Generate one at a time: set batch_size to 1, and batch_count too.",
        )
    if whole is not first:
        whole[0] = first[0]
    colours, transparency = split_alpha(whole)
    return colours, torch.zeros(colours.shape[:3]) if transparency is None else transparency


def _kind(image: torch.Tensor) -> tuple[int, int, int]:
    _, height, width, channels = image.shape
    return height, width, channels
