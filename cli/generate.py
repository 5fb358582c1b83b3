"""A picture from words, straight into a PNG file."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING, Any

from ..client.generation.events import (
    Audio,
    DownloadSize,
    Picture,
    Preview,
    Progress,
    Receiving,
    RemoteDownload,
)
from ..client.generation.progress import Meter, stage, words
from ..client.threads import in_thread
from ..facts import versions
from . import pictures, request
from .connection import open_client, timeout_seconds
from .outcome import OK
from .output import Output

if TYPE_CHECKING:
    import numpy as np

    from ..client.client import DrawThingsClient
    from ..client.generation.request import GenerationRequest


async def generate(options: argparse.Namespace, output: Output) -> int:
    """Generate, and write what comes. When the task is cancelled the server stops, too."""
    imported = request.read_configuration(options.configuration)
    spec = request.read_specification(options)
    name = request.check(options, imported, spec)
    pictures.check_place(options.out)
    await in_thread(lambda _: pictures.require())
    async with open_client(options, output) as client:
        catalog = await client.catalog(timeout_seconds=timeout_seconds(options))
        if spec is not None:
            model = await request.specified(client, spec)
        else:
            model = await request.find_model(client, catalog, options, name)
        wishes = await in_thread(lambda _: request.wishes(options, imported, model))
        prepared = await client.prepare(wishes, catalog)
        for note in (*request.notes(imported), *prepared.notes):
            output.note(note)
        [wanted] = prepared.requests
        made, sounds = await _receive(client, wanted, output)
    paths = await in_thread(lambda _: pictures.save(made, options.out))
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
    known = versions.find(wanted.version)
    meter = Meter(video=known is not None and known.is_video)
    made: list[np.ndarray] = []
    sounds, fraction = 0, 0.0
    output.progress(fraction, "Waiting for the server")
    async with contextlib.aclosing(client.generate(wanted)) as events:
        async for event in events:
            match event:
                case Picture():
                    made.append(await in_thread(lambda _, a=event.array: pictures.to_bytes(a)))
                case Audio():
                    sounds += 1
                case Progress() | RemoteDownload() | DownloadSize() | Receiving():
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
