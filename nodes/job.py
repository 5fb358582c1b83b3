"""What one Generate asks for: widgets, settings and pictures become requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch

from ..client import config_json, selection
from ..client.advice import advise
from ..client.catalog import Catalog
from ..client.config import GenerationConfig, LoRA
from ..client.enums import Sampler
from ..client.recommended import recommended
from ..client.relevance import relevant
from ..client.request import GenerationRequest
from ..codec import fit, image, mask
from ..codec.fit import Fit
from ..errors import RequestRejected
from . import hints
from .sockets import Hinted, Model, Settings

SEEDS = 1 << 32


@dataclass(frozen=True)
class Widgets:
    """What Generate's widgets say; `sampler` is "" and `shift` 0 where the model shall decide."""

    width: int
    height: int
    steps: int
    guidance: float
    seed: int
    sampler: str
    shift: float
    batch_size: int
    strength: float = 1.0

    def fields(self, model: Model) -> dict[str, Any]:
        """Return them as fields of GenerationConfig.

        Raises RequestRejected for a sampler that nobody knows.
        """
        advised = advise(model.file, model.version)
        shift, by_size = self.shift, False
        if not shift:  # the model's own; where nothing is known, the server's rule
            shift, by_size = advised["shift"], advised["resolution_dependent_shift"]
        row = recommended(model.file, model.version)
        frames = {"num_frames": row.num_frames} if row and row.num_frames else {}
        return {
            "model": model.file,
            "start_width": self.width,
            "start_height": self.height,
            "steps": self.steps,
            "guidance_scale": self.guidance,
            "guidance_embed": self.guidance,
            "seed": self.seed,
            "sampler": self._chosen_sampler() if self.sampler else advised["sampler"],
            "shift": shift,
            "resolution_dependent_shift": by_size,
            "batch_size": self.batch_size,
            "strength": self.strength,
            **frames,
        }

    def _chosen_sampler(self) -> Sampler:
        try:
            return Sampler.from_label(self.sampler)
        except KeyError:
            raise RequestRejected(
                f"The sampler {self.sampler!r} is not known.", "Choose one of Generate's list."
            ) from None


@dataclass(frozen=True, eq=False)
class Job:
    """Everything that is wired into a Generate.

    `image` is an IMAGE [batch, height, width, 3 or 4], `mask` a MASK [batch, height, width], white
    to be repainted; both are fitted to the size of the result.
    """

    model: Model
    prompt: str
    negative_prompt: str
    widgets: Widgets
    runs: int = 1
    image: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    fit: Fit = Fit.CROP
    from_noise: bool = False
    loras: tuple[LoRA, ...] = ()
    hinted: tuple[Hinted, ...] = ()
    settings: Settings = field(default_factory=Settings)


@dataclass(frozen=True, eq=False)
class Plan:
    """The requests of a job, in the order of their results, and what a person should know."""

    requests: tuple[GenerationRequest, ...]
    notes: tuple[str, ...] = ()


def plan(job: Job, catalog: Catalog | None, address: str) -> Plan:
    """Return what to send; `catalog` is the server's, None where it does not tell.

    Raises ModelUnavailable for a file that the server does not have, RequestRejected for what it
    would crash on or ignore.
    """
    config = _config(job, catalog, address)
    config = replace(config, seed=config.seed % SEEDS)  # other nodes count seeds in 64 bits
    controls, carried = hints.build(
        job.hinted,
        config,
        catalog or Catalog(),
        job.model.version,
        has_image=job.image is not None,
        has_mask=job.image is not None and (job.mask is not None or fit.has_holes(job.image)),
        fit=job.fit,
    )
    config = replace(config, controls=(*config.controls, *controls))
    config, dropped = relevant(config, job.model.version)
    override = _used(job, config, catalog)
    unread = [name for name in dropped if name in job.settings.as_dict()]
    notes = [f"{job.model.version} models do not read {', '.join(unread)}"] if unread else []
    requests = []
    for pixels, kinds in _pictures(job, config):
        request = GenerationRequest(
            prompt=job.prompt,
            negative_prompt=job.negative_prompt,
            config=config,
            override=override,
            image=pixels,
            mask=kinds,
            hints=carried,
            model_version=job.model.version,
        )
        request.check()  # all of a batch, before the first is sent
        for _ in range(job.runs):
            seed = (config.seed + len(requests)) % SEEDS
            requests.append(replace(request, config=replace(config, seed=seed)))
    if job.image is not None and requests[0].ignores_image:
        notes.append(f"the image is not used: at strength 1 {job.model.file} starts from noise")
    return Plan(tuple(requests), tuple(notes))


def _config(job: Job, catalog: Catalog | None, address: str) -> GenerationConfig:
    values: dict[str, Any] = {**job.widgets.fields(job.model), **job.settings.as_dict()}
    known = {one.name for one in fields(GenerationConfig)}
    config = GenerationConfig(**{name: value for name, value in values.items() if name in known})
    config = replace(config, loras=(*config.loras, *job.loras))
    return config if catalog is None else selection.with_files(config, catalog, address)


def _used(job: Job, config: GenerationConfig, catalog: Catalog | None) -> Catalog:
    """Return the specifications of exactly the files that a request uses (protocol.md 1.5)."""
    known = Catalog.from_json(models=f"[{job.model.specification}]".encode())
    if catalog is None:
        return known
    return selection.used(
        known, config, catalog, job.model.version, job.prompt, job.negative_prompt
    )


def _pictures(
    job: Job, config: GenerationConfig
) -> Iterator[tuple[np.ndarray | None, np.ndarray | None]]:
    """Yield image and mask for the wire, one pair for each picture of the batch."""
    if job.image is None:
        masks = None if job.mask is None else mask.to_wire(job.mask, from_noise=job.from_noise)
        yield None, masks
        return
    width, height = config.start_width, config.start_height
    for picture, area in fit.pairs(job.image, job.mask):
        fitted = fit.fit_image(picture, width, height, job.fit)
        white = fit.fit_repainted(picture, area, width, height, job.fit)
        kinds = None if white is None else mask.to_wire(white, from_noise=job.from_noise)
        yield image.to_wire(fitted)[0], kinds


def summary(request: GenerationRequest) -> str:
    """Return what was sent as JSON, for metadata: prompts, model, configuration; no secret."""
    return json.dumps(
        {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "model": request.config.model,
            "version": request.version,
            "configuration": config_json.to_object(request.config),
        },
        ensure_ascii=False,
    )
