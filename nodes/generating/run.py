"""What Generate does when it runs: requests go out, events become pictures, sound and words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field

import torch

from ...client.catalog.specification import demand_files
from ...client.client import DrawThingsClient
from ...client.generation.events import (
    Audio,
    DownloadSize,
    Picture,
    Preview,
    Progress,
    Receiving,
    RemoteDownload,
)
from ...client.generation.request import GenerationRequest
from ...client.threads import in_thread
from ...codec import audio, image
from ...codec.audio import Sound
from ...codec.fit import split_alpha
from ...facts.versions import family
from ..host import Display
from ..servers.client import open_client
from ..servers.lookup import PATIENCE_SECONDS
from . import media
from .progress import Previews, Reporter
from .requests import Job, Plan, plan, summary
from .server_queue import Turn, in_turn

LOG = logging.getLogger(__name__)


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


@dataclass
class _Pieces:
    pictures: list[torch.Tensor] = field(default_factory=list)
    sounds: list[Sound] = field(default_factory=list)


async def generate(job: Job, display: Display) -> Result:
    """Run a job: one request after the other, when it is this job's turn at the server.

    Raises DrawbridgeError for what goes wrong, and lets through what `display` raises.
    """
    server = job.model.server
    reporter = Reporter(display, job.model.version)
    reporter.start()
    return await in_turn(
        server.address,
        display.node_id,
        lambda turn: _run(job, reporter, turn),
        waiting=lambda: display.say("Waiting for another node"),
    )


async def _run(job: Job, reporter: Reporter, turn: Turn) -> Result:
    async with open_client(job.model.server) as client:
        catalog = await client.catalog(timeout_seconds=PATIENCE_SECONDS)
        todo = await in_thread(lambda _: plan(job, catalog, client.endpoint.address))
        await demand_files(client, *todo.given)
        for note in todo.notes:
            LOG.warning("Generate: %s.", note)
        pieces = _Pieces()
        count = len(todo.requests)
        for number, request in enumerate(todo.requests):
            reporter.begin((turn.number - 1) * count + number, turn.total * count)
            await _beside_previews(client, request, reporter, pieces)
    reporter.finish(todo.notes)
    return _result(job, todo, pieces)


async def _beside_previews(
    client: DrawThingsClient, request: GenerationRequest, reporter: Reporter, pieces: _Pieces
) -> None:
    previews = Previews(reporter, request.version)
    receiving = asyncio.ensure_future(_receive(client, request, reporter, previews, pieces))
    showing = asyncio.ensure_future(previews.show())
    try:
        # `showing` ends only by an error or an interruption, which is then the run's own
        done, _ = await asyncio.wait({receiving, showing}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (receiving, showing):
            task.cancel()
        await asyncio.wait({receiving, showing})


async def _receive(
    client: DrawThingsClient,
    request: GenerationRequest,
    reporter: Reporter,
    previews: Previews,
    pieces: _Pieces,
) -> None:
    async with contextlib.aclosing(client.generate(request)) as events:
        async for event in events:
            match event:
                case Preview():
                    previews.offer(event.encoded)
                case Picture():
                    pieces.pictures.append(image.from_wire(event.array))
                case Audio():
                    rate = media.audio_rate(request.version)
                    pieces.sounds.append(audio.from_wire(event.array, rate))
                case Progress() | RemoteDownload() | DownloadSize() | Receiving():
                    reporter.report(event)


def _result(job: Job, todo: Plan, pieces: _Pieces) -> Result:
    known = family(job.model.version)
    images, transparency = _split(pieces.pictures)
    sound = audio.batch(pieces.sounds) if pieces.sounds else None
    first = todo.requests[0]
    fps = media.frame_rate(first.override.model(first.config.model), first.version)
    return Result(
        images,
        transparency,
        sound,
        media.video(images, fps, sound) if known and known.is_video else None,
        fps,
        [request.config.seed for request in todo.requests],
        summary(first),
    )


def _split(pictures: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return colours and transparency of pictures with or without alpha."""
    colours, transparency = split_alpha(torch.cat(pictures))
    return colours, torch.zeros(colours.shape[:3]) if transparency is None else transparency
