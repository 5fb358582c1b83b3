"""The command generate: a picture from words, straight into a PNG file."""

from __future__ import annotations

import argparse
import contextlib
import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client.generation.events import (
    Audio,
    DownloadSize,
    Picture,
    Preview,
    Progress,
    Queued,
    Receiving,
    RemoteDownload,
)
from ..client.generation.progress import Meter, stage, words
from ..client.threads import in_thread
from ..facts import versions
from ..facts.samplers import Sampler
from . import pictures, request
from .command import Command
from .connection import open_client, timeout_seconds
from .outcome import OK
from .output import Output

if TYPE_CHECKING:
    import numpy as np

    from ..client.client import DrawThingsClient
    from ..client.generation.request import GenerationRequest


def _options(parser: argparse.ArgumentParser) -> None:
    request.add_model(parser, "file or name of the model (default: the configuration's)")
    add = parser.add_argument
    add(
        "--specification",
        type=Path,
        metavar="FILE",
        help="JSON object that says what the model is, as in Draw Things' custom.json: for a file "
        "that the server has and does not know, such as one from upload",
    )
    add("--prompt", required=True, metavar="P", help="what the picture shows")
    add("--negative-prompt", default="", metavar="P", help="what it should not show")
    add("--width", type=int, metavar="PX", help="a multiple of 64 (default: the model's)")
    add("--height", type=int, metavar="PX", help="a multiple of 64 (default: the model's)")
    add("--steps", type=int, metavar="N", help="sampling steps (default: the model's)")
    add("--guidance", type=float, metavar="G", help="how closely the prompt is followed")
    add("--seed", type=int, metavar="N", help="0 to 4294967295 (default: drawn, and told)")
    add("--sampler", type=_sampler, metavar="NAME", help="as the app names it, in any case")
    add("--shift", type=float, metavar="S", help="timestep shift, 0.1 to 12")
    add("--strength", type=float, metavar="S", help="how much of the image is painted anew, 0 to 1")
    add("--batch-size", type=int, metavar="N", help="pictures at a time, 1 to 4")
    add("--image", type=Path, metavar="FILE", help="the picture to start from, or to edit")
    add("--mask", type=Path, metavar="FILE", help="white is repainted, black is kept")
    add(
        "--configuration",
        type=Path,
        metavar="FILE",
        help="JSON that the app's Copy Configuration gives; options win over it",
    )
    add(
        *("-o", "--out"),
        type=Path,
        required=True,
        metavar="OUT.png",
        help="where the picture goes; of several, OUT-1.png, OUT-2.png and so on",
    )


async def generate(options: argparse.Namespace, output: Output) -> int:
    """Generate, and write what comes. When the task is cancelled the server stops, too."""
    imported = request.read_configuration(options.configuration)
    spec = request.read_specification(options)
    name = request.check(options, imported, spec)
    pictures.check_place(options.out)
    await in_thread(lambda: pictures.require())
    async with open_client(options, output) as client:
        catalog = await client.catalog(timeout_seconds=timeout_seconds(options))
        if spec is not None:
            model = await request.specified(client, spec)
        else:
            model = await request.find_model(client, catalog, options, name)
        wishes = await in_thread(lambda: request.wishes(options, imported, model))
        prepared = await client.prepare(wishes, catalog)
        for note in (*request.notes(imported), *prepared.notes):
            output.note(note)
        [wanted] = prepared.requests
        made, sounds = await _receive(client, wanted, output)
    paths = await in_thread(lambda: pictures.save(made, options.out))
    if sounds:
        output.note("The sound of the video is not written.")
    for path in paths:
        output.line(str(path))
    output.result(**_summary(wanted), files=[str(path) for path in paths])
    return OK


async def _receive(
    client: DrawThingsClient, wanted: GenerationRequest, output: Output
) -> tuple[list[np.ndarray], int]:
    """Return the pictures, uint8 [height, width, 3 or 4] each, and how many sounds came."""
    from ..client.generation.results import to_pixels  # torch, which other commands do without

    known = versions.find(wanted.version)
    meter = Meter(video=known is not None and known.is_video)
    made: list[np.ndarray] = []
    sounds, fraction = 0, 0.0
    output.progress(fraction, "Waiting for the server")
    async with contextlib.aclosing(client.generate(wanted)) as events:
        async for event in events:
            match event:
                case Picture():
                    made.append(await in_thread(lambda picture=event: to_pixels(picture)))
                case Audio():
                    sounds += 1
                case Queued() | Progress() | RemoteDownload() | DownloadSize() | Receiving():
                    if isinstance(event, Progress):
                        fraction = meter.update(event)
                    output.progress(fraction, words(event), stage(event))
                case Preview():
                    pass
    return made, sounds


def _summary(wanted: GenerationRequest) -> dict[str, Any]:
    config = wanted.config
    return {
        "model": config.model,
        "version": wanted.version,
        "width": config.start_width,
        "height": config.start_height,
        "steps": config.steps,
        "guidance": config.guidance_scale,
        "sampler": config.sampler.label,
        "seed": config.seed,
    }


def _sampler(label: str) -> Sampler:
    try:
        return Sampler.from_label(label)
    except KeyError:
        labels = [sampler.label for sampler in Sampler]
        near = difflib.get_close_matches(label, labels, cutoff=0.4) or labels
        raise argparse.ArgumentTypeError(
            f"{label!r} is no sampler; there are {', '.join(near)}"
        ) from None


COMMAND = Command("generate", "make pictures and write them as PNG", generate, _options)
