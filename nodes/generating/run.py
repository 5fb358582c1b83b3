"""The run of Generate: requests go out, events become pictures, sound and words."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from dataclasses import dataclass, field

import torch

from ...client.client import DrawThingsClient
from ...client.configuration import clipboard
from ...client.generation.assemble import Prepared, Wishes
from ...client.generation.events import (
    Audio,
    DownloadSize,
    Picture,
    Preview,
    Progress,
    Queued,
    Receiving,
    RemoteDownload,
)
from ...client.generation.request import GenerationRequest
from ...client.generation.results import to_image, to_sound
from ...client.store.server import Server
from ...codec import audio
from ...codec.audio import Sound
from ...codec.fit import split_alpha
from ...errors import GenerationFailed
from ...facts import versions
from ..host import Display
from ..servers.client import open_client
from ..servers.lookup import PATIENCE_SECONDS
from ..sockets import Model
from . import media
from .progress import Previews, Reporter
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


async def generate(model: Model, wishes: Wishes, display: Display) -> Result:
    """Generate: one request after the other, when it is this node's turn at the server.

    Raises DrawbridgeError for what goes wrong, and lets through what `display` raises.
    """
    reporter = Reporter(display, model.version)
    reporter.start()
    return await in_turn(
        str(model.server.address),
        display.node_id,
        lambda turn: _run(model.server, wishes, reporter, turn),
        waiting=lambda: display.say("Waiting for another node"),
    )


async def _run(server: Server, wishes: Wishes, reporter: Reporter, turn: Turn) -> Result:
    async with open_client(server) as client:
        prepared = await client.prepare(wishes, timeout_seconds=PATIENCE_SECONDS)
        for note in prepared.notes:
            LOG.warning("Generate: %s", note)
        pieces = _Pieces()
        count = len(prepared.requests)
        for number, request in enumerate(prepared.requests):
            reporter.begin((turn.number - 1) * count + number, turn.total * count)
            await _beside_previews(client, request, reporter, pieces)
    reporter.finish(prepared.notes)
    return _result(prepared, pieces)


async def _beside_previews(
    client: DrawThingsClient, request: GenerationRequest, reporter: Reporter, pieces: _Pieces
) -> None:
    size_px = request.config.start_width, request.config.start_height
    previews = Previews(reporter, request.version, size_px)
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
                    previews.offer(event)
                case Picture():
                    pieces.pictures.append(to_image(event))
                    previews.finish(pieces.pictures[-1])
                case Audio():
                    pieces.sounds.append(to_sound(event, request.version))
                case Queued() | Progress() | RemoteDownload() | DownloadSize() | Receiving():
                    reporter.report(event)


def _result(prepared: Prepared, pieces: _Pieces) -> Result:
    first = prepared.requests[0]
    known = versions.find(first.version)
    images, transparency = _split(pieces.pictures)
    sound = audio.batch(pieces.sounds) if pieces.sounds else None
    fps = media.frame_rate(first.override.model(first.config.model), first.version)
    return Result(
        images,
        transparency,
        sound,
        media.video(images, fps, sound) if known and known.is_video else None,
        fps,
        [request.config.seed for request in prepared.requests],
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


def _split(pictures: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return colours and transparency of pictures with or without alpha.

    Raises GenerationFailed for pictures that make up no batch.
    """
    kinds = list(dict.fromkeys(tuple(picture.shape[1:]) for picture in pictures))
    if len(kinds) > 1:
        told = " and ".join(
            f"{width} x {height} {'with' if channels == 4 else 'without'} alpha"
            for height, width, channels in kinds[:2]
        )
        raise GenerationFailed(
            f"The server's pictures differ, {told}, and a batch holds those of one kind only.",
            "Generate one at a time: set batch_size to 1, and batch_count too.",
        )
    colours, transparency = split_alpha(torch.cat(pictures))
    return colours, torch.zeros(colours.shape[:3]) if transparency is None else transparency
