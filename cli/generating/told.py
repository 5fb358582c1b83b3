"""What a file tells of its picture: as the app does, and as ComfyUI does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...client.configuration import clipboard
from ...client.configuration.picture_metadata import describe
from ...client.generation.request import GenerationRequest
from ...graphs import remake


@dataclass(frozen=True)
class Told:
    """`xmp` is the app's text, `chunks` are ComfyUI's by keyword: the graph that makes it again."""

    xmp: str
    chunks: Mapping[str, str] = field(default_factory=dict)


def told(request: GenerationRequest) -> Told:
    """Return what a picture of a request tells of itself."""
    config = replace(request.config, batch_count=1)  # this one's seed is its own
    widgets = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "width": config.start_width,
        "height": config.start_height,
        "steps": config.steps,
        "guidance": config.guidance_scale,
        "seed": config.seed,
        "sampler": config.sampler.label,
        "shift": config.shift,
        "batch_size": config.batch_size,
        "strength": config.strength,
    }
    chunks = remake.chunks(config.model, clipboard.write(config), widgets, list(_absent(request)))
    return Told(describe(config, request.prompt, request.negative_prompt).xmp(), chunks)


def _absent(request: GenerationRequest) -> Iterator[str]:
    """Yield the pictures that a request has and its file has not."""
    if request.image is not None:
        yield "an image"
    if request.mask is not None:
        yield "a mask"
    for hint in request.hints:
        yield "a moodboard" if hint.type == "shuffle" else f"a {hint.type} picture"
