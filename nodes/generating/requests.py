"""What one Generate asks for: widgets, settings and pictures become requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch

from ...client.catalog import lookup
from ...client.catalog.records import Catalog, ControlSpec, LoRASpec
from ...client.configuration import clipboard
from ...client.configuration.fields import GenerationConfig, LoRA
from ...client.generation.relevance import relevant
from ...client.generation.request import GenerationRequest
from ...codec import fit, image, mask
from ...codec.fit import Fit
from ..servers import specifications
from ..sockets import Hinted, Model, Settings
from . import controls
from .widgets import SEEDS, Widgets


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
    """The requests of a job, in the order of their results, and what a person should know.

    `given` are specifications that they carry and that a person gave: the server has yet to be
    asked for their files.
    """

    requests: tuple[GenerationRequest, ...]
    notes: tuple[str, ...] = ()
    given: tuple[LoRASpec | ControlSpec, ...] = ()


def plan(job: Job, catalog: Catalog, address: str) -> Plan:
    """Return what to send; `catalog` is what is known of the server's files.

    Raises ModelUnavailable for a file that the server does not have, RequestRejected for what it
    would crash on or ignore.
    """
    told = specifications.catalog(job.loras, job.hinted)
    catalog = lookup.beside(told, catalog)
    config = _config(job, catalog, address)
    config = replace(config, seed=config.seed % SEEDS)  # other nodes count seeds in 64 bits
    steering, carried = controls.build(
        job.hinted,
        config,
        catalog,
        job.model.version,
        has_image=job.image is not None,
        has_mask=job.image is not None and (job.mask is not None or fit.has_holes(job.image)),
        fit=job.fit,
    )
    config = replace(config, controls=(*config.controls, *steering))
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
    carried_specs = (*override.loras, *override.controls)
    by_person = tuple(spec for spec in carried_specs if spec in (*told.loras, *told.controls))
    return Plan(tuple(requests), tuple(notes), by_person)


def _config(job: Job, catalog: Catalog, address: str) -> GenerationConfig:
    values: dict[str, Any] = {
        **job.widgets.fields(job.model.file, job.model.version),
        **job.settings.as_dict(),
    }
    known = {one.name for one in fields(GenerationConfig)}
    config = GenerationConfig(**{name: value for name, value in values.items() if name in known})
    loras = (LoRA(lora.file, lora.weight, lora.mode) for lora in job.loras)
    config = replace(config, loras=(*config.loras, *loras))
    return lookup.with_files(config, catalog, address)


def _used(job: Job, config: GenerationConfig, catalog: Catalog) -> Catalog:
    """Return the specifications of exactly the files that a request uses (docs/protocol.md 1.5)."""
    known = Catalog.from_json(models=f"[{job.model.specification}]".encode())
    return lookup.used(known, config, catalog, job.model.version, job.prompt, job.negative_prompt)


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
            "configuration": clipboard.to_object(request.config),
        },
        ensure_ascii=False,
    )
