"""What Generate does when it runs: settings become a request, events become pictures."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass

import torch

from ..client.catalog import Catalog
from ..client.client import DrawThingsClient
from ..client.config import GenerationConfig
from ..client.enums import Sampler
from ..client.events import DownloadSize, Picture, Preview, Progress, Receiving, RemoteDownload
from ..client.families import family
from ..client.recommended import recommended
from ..client.request import GenerationRequest
from ..codec import image
from ..errors import RequestRejected
from .host import Display
from .progress import Previews, Reporter
from .sockets import Model, Server


@dataclass(frozen=True)
class Settings:
    """What Generate's widgets say; `sampler` is "" and `shift` 0 where the model shall decide."""

    width: int
    height: int
    steps: int
    guidance: float
    seed: int
    sampler: str
    shift: float
    batch_size: int

    def config(self, model: Model) -> GenerationConfig:
        """Return the configuration for a model.

        Raises RequestRejected for a sampler that nobody knows.
        """
        advice = recommended(model.file, model.version)
        shift, by_size = self.shift, False
        if not shift:  # the model's own; where nothing is known, the server's rule
            shift = (advice and advice.shift) or 1.0
            by_size = advice is None or advice.resolution_dependent_shift is not False
        defaults = GenerationConfig()
        return GenerationConfig(
            model=model.file,
            start_width=self.width,
            start_height=self.height,
            steps=self.steps,
            guidance_scale=self.guidance,
            guidance_embed=self.guidance,
            seed=self.seed,
            sampler=self._sampler(model),
            shift=shift,
            resolution_dependent_shift=by_size,
            batch_size=self.batch_size,
            num_frames=(advice and advice.num_frames) or defaults.num_frames,
        )

    def _sampler(self, model: Model) -> Sampler:
        if self.sampler:
            try:
                return Sampler.from_label(self.sampler)
            except KeyError:
                raise RequestRejected(
                    f"The sampler {self.sampler!r} is not known.", "Choose one of Generate's list."
                ) from None
        advice = recommended(model.file, model.version)
        if advice is not None and advice.sampler is not None:
            return advice.sampler
        known = family(model.version)
        return Sampler.UNIPC_TRAILING if known and known.flow else Sampler.DPMPP_2M_AYS


async def generate(
    model: Model, prompt: str, negative_prompt: str, settings: Settings, display: Display
) -> torch.Tensor:
    """Return pictures: float32 [batch, height, width, 3], 0 to 1.

    Raises DrawbridgeError for what goes wrong, and lets through what `display` raises.
    """
    specification = json.dumps([json.loads(model.specification)] if model.specification else [])
    request = GenerationRequest(
        prompt=prompt,
        negative_prompt=negative_prompt,
        config=settings.config(model),
        override=Catalog.from_json(models=specification.encode()),
        model_version=model.version,
    )
    reporter = Reporter(display, model.version)
    previews = Previews(reporter, model.version)
    receiving = asyncio.ensure_future(_receive(model.server, request, reporter, previews))
    showing = asyncio.ensure_future(previews.show())
    try:
        # `showing` ends only by an error or an interruption, which is then the run's own
        done, _ = await asyncio.wait({receiving, showing}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        return receiving.result()
    finally:
        for task in (receiving, showing):
            task.cancel()
        await asyncio.wait({receiving, showing})


async def _receive(
    server: Server, request: GenerationRequest, reporter: Reporter, previews: Previews
) -> torch.Tensor:
    pictures: list[torch.Tensor] = []
    reporter.start()
    async with (
        DrawThingsClient(server.endpoint()) as client,
        contextlib.aclosing(client.generate(request)) as events,
    ):
        async for event in events:
            match event:
                case Preview():
                    previews.offer(event.encoded)
                case Picture():
                    pictures.append(image.from_wire(event.array))
                case Progress() | RemoteDownload() | DownloadSize() | Receiving():
                    reporter.report(event)
    reporter.finish()
    return torch.cat(pictures)
