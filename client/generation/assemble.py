"""From what a person wants to the requests that say so: the one road, for whoever asks."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...errors import RequestRejected
from ...facts.versions import reads_alpha
from ..catalog import lookup
from ..catalog.lookup import ModelFile
from ..catalog.records import Catalog, FileServer
from ..catalog.specification import demand_files
from ..configuration.fields import SEEDS, GenerationConfig, LoRA, Values
from ..threads import in_thread
from .advice import advise
from .checks import check
from .hints import Guide, steer
from .relevance import relevant
from .request import GenerationRequest, Hint

if TYPE_CHECKING:
    import numpy as np
    import torch

    from ...codec.fit import Fit


@dataclass(frozen=True, eq=False)
class Wishes:
    """What a person wants of a model.

    `model` is a file or display name, or what has been found of one before. `settings` win over
    what is `usual`: the model's own settings, where no others are given. Without a seed one is
    drawn. `loras` and the controls of `guides` come behind those of the settings and may have
    display names. `specified` are specifications of LoRAs and controls that the server has and
    does not know.

    `image` is an IMAGE [batch, height, width, 3 or 4], each picture of which makes a request,
    `mask` a MASK [batch, height, width], white to be repainted; both are brought to the size of the
    result as `fit` says, without it cropped around their middle. White is repainted at the strength
    of the settings, or `from_noise`. `runs` is how often to generate, each time with the next seed.
    """

    model: str | ModelFile
    prompt: str
    negative_prompt: str = ""
    settings: Values = field(default_factory=dict)
    usual: Values | None = None
    loras: tuple[LoRA, ...] = ()
    guides: tuple[Guide[torch.Tensor], ...] = ()
    specified: Catalog = field(default_factory=Catalog)
    image: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    fit: Fit | None = None
    from_noise: bool = False
    runs: int = 1


@dataclass(frozen=True, eq=False)
class Prepared:
    """The requests of wishes, in the order of their results; `notes` are sentences for a person."""

    requests: tuple[GenerationRequest, ...]
    notes: tuple[str, ...] = ()


async def prepare(client: FileServer, wishes: Wishes, catalog: Catalog) -> Prepared:
    """Return what to send for the wishes; `catalog` is the client's.

    Raises ModelUnavailable for a file that the server does not have, and for a model of which
    nobody knows the version; RequestRejected for what a server would crash on or ignore, and for a
    setting that does not exist.
    """
    model, address = wishes.model, client.endpoint.address
    if isinstance(model, str):
        model = await lookup.find_model(client, catalog, model)
    if not model.version:
        raise lookup.untold(address, model.file, "say of which version the model is")
    known = replace(wishes.specified, models=(model.spec,) if model.spec else ())
    catalog = lookup.beside(known, catalog)
    prepared = await in_thread(lambda: assemble(wishes, model, catalog, address))
    sent = prepared.requests[0].override
    by_person = {*wishes.specified.loras, *wishes.specified.controls}
    await demand_files(client, *(one for one in (*sent.loras, *sent.controls) if one in by_person))
    await lookup.demand_names(
        client, catalog, lookup.unlisted(prepared.requests[0].config, catalog)
    )
    return prepared


def assemble(wishes: Wishes, model: ModelFile, catalog: Catalog, address: str) -> Prepared:
    """Return what to send; `catalog` is all that is known of the server at `address`.

    Raises what `prepare` raises, but looks for no file that only the server can know of.
    """
    if wishes.runs < 1:
        raise RequestRejected(
            f"Nothing is to be generated: the number of runs is {wishes.runs}.",
            "Generate at least once.",
        )
    config = lookup.with_files(configuration(wishes, model), model.version, catalog, address)
    config, dropped = relevant(config, model.version)
    unread = [name for name in dropped if name in wishes.settings]
    notes = [f"Models of {model.version} do not read {', '.join(unread)}."] if unread else []
    config.check()  # a picture of an impossible size is not worth making
    config, hints = _steered(wishes, config, model.version, catalog, address)
    request = GenerationRequest(
        prompt=wishes.prompt,
        negative_prompt=wishes.negative_prompt,
        config=config,
        override=lookup.used(config, catalog, model.version, wishes.prompt, wishes.negative_prompt),
        hints=hints,
        model_version=model.version,
    )
    keep_alpha = _keeps_alpha(config, model.version, catalog)
    started = [
        replace(request, image=image, mask=mask)
        for image, mask in _starts(wishes, config, keep_alpha)
    ]
    for one in started:
        check(one)  # all of a batch, before the first is sent
    if started[0].ignores_image:
        notes.append(f"The image is not used: at strength 1 {model.file} starts from noise.")
        started = [replace(one, image=None) for one in started]
    return Prepared(tuple(_repeated(started, wishes.runs)), tuple(notes))


def configuration(wishes: Wishes, model: ModelFile) -> GenerationConfig:
    """Return the settings as they are wished: what is usual, over which wins what is said.

    Raises RequestRejected for a setting that there is none of.
    """
    said, usual = wishes.settings, wishes.usual
    if usual is None:
        usual = advise(model.file, model.version, model.spec)
        if usual.get("hires_fix") and {"start_width", "start_height"} & said.keys():
            # the first pass was meant for the usual size
            usual = {name: usual[name] for name in usual if not name.startswith("hires_fix")}
    drawn = {"seed": secrets.randbits(32)}
    config = GenerationConfig.of({**drawn, **usual, **said, "model": model.file})
    loras = (LoRA(lora.file, lora.weight, lora.mode) for lora in wishes.loras)
    return replace(config, loras=(*config.loras, *loras), seed=config.seed % SEEDS)


def _steered(
    wishes: Wishes, config: GenerationConfig, version: str, catalog: Catalog, address: str
) -> tuple[GenerationConfig, tuple[Hint, ...]]:
    """Return the settings with the controls of the guides, and the hints that bring pictures."""
    if not wishes.guides:
        return config, ()
    from . import pictures

    steering = steer(
        wishes.guides,
        config,
        catalog,
        address,
        version,
        has_image=wishes.image is not None,
        has_mask=pictures.has_mask(
            wishes.image, wishes.mask, keep_alpha=_keeps_alpha(config, version, catalog)
        ),
    )
    hints = tuple(pictures.hint_of(form, wishes.fit) for form in steering.hints)
    return replace(config, controls=(*config.controls, *steering.controls)), hints


def _keeps_alpha(config: GenerationConfig, version: str, catalog: Catalog) -> bool:
    """Return whether the image is a reference whose alpha the model reads."""
    return config.strength == 1 and reads_alpha(version, lookup.modifier(config, catalog))


def _starts(
    wishes: Wishes, config: GenerationConfig, keep_alpha: bool
) -> Iterable[tuple[np.ndarray | None, np.ndarray | None]]:
    """Return image and mask, one pair for each picture of the batch."""
    if wishes.image is None and wishes.mask is None:
        return [(None, None)]
    from . import pictures

    size = (config.start_width, config.start_height)
    return pictures.starts(
        wishes.image,
        wishes.mask,
        size,
        wishes.fit,
        from_noise=wishes.from_noise,
        keep_alpha=keep_alpha,
    )


def _repeated(requests: Iterable[GenerationRequest], runs: int) -> Iterator[GenerationRequest]:
    """Yield each request as often as it is to run; every result has a seed of its own."""
    number = 0
    for request in requests:
        for _ in range(runs):
            seed = (request.config.seed + number) % SEEDS
            yield replace(request, config=replace(request.config, seed=seed))
            number += 1
