"""From what a person wants to the requests that say so: the one road, for whoever asks."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ...errors import RequestRejected
from ...facts import versions
from ...facts.versions import reads_alpha
from ..catalog import lookup
from ..catalog.lookup import ModelFile
from ..catalog.names import find
from ..catalog.records import Catalog, ControlSpec, FileServer, LoRASpec
from ..catalog.specification import demand_files
from ..configuration.fields import SEEDS, GenerationConfig, LoRA, Values
from ..threads import in_thread
from . import adjustments
from .advice import advise
from .checks import check
from .hints import Guide, steer
from .relevance import relevant
from .request import GenerationRequest, Hint
from .seed import settled

if TYPE_CHECKING:
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
    of the settings, or `from_noise`. `runs` is how often to generate, each time with the next seed,
    unless the settings say a batch_count.
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


async def prepare(
    client: FileServer, wishes: Wishes, catalog: Catalog, *, demand_all: bool = True
) -> Prepared:
    """Return what to send for the wishes; `catalog` is the client's. Unless `demand_all`,
    LoRAs, controls, a refiner and an upscaler that the server does not have are left out with a
    note, as it would pass them over.

    Raises ModelUnavailable for any other file that the server does not have, and for a model of
    which nobody knows the version; RequestRejected for what a server would crash on or ignore, and
    for a setting that does not exist.
    """
    model, address = wishes.model, client.endpoint.address
    if isinstance(model, str):
        model = await lookup.find_model(client, catalog, model)
    if not model.version:
        raise lookup.untold(address, model.file, "say of which version the model is")
    known = replace(wishes.specified, models=(model.spec,) if model.spec else ())
    catalog = lookup.beside(known, catalog)
    absent: set[str] | None = None if demand_all else set()
    prepared = await in_thread(lambda: assemble(wishes, model, catalog, address, absent))
    by_person = {*wishes.specified.loras, *wishes.specified.controls}
    if absent is not None:
        missing = await _missing(client, prepared.requests[0], catalog, by_person)
        if missing:
            prepared = await in_thread(lambda: assemble(wishes, model, catalog, address, missing))
    sent = prepared.requests[0]
    told = (*sent.override.loras, *sent.override.controls)
    await demand_files(client, *(one for one in told if one in by_person))
    if absent is None:
        await lookup.demand_names(client, catalog, lookup.unlisted(sent.config, catalog))
    return prepared


async def _missing(
    client: FileServer,
    request: GenerationRequest,
    catalog: Catalog,
    by_person: Collection[LoRASpec | ControlSpec],
) -> set[str]:
    """Return which files besides the model, of those that only a server can know of, are not there;
    `by_person` are the specifications that a person gives.
    """
    names = [name for _, name in lookup.unlisted(request.config, catalog)]
    told = (*request.override.loras, *request.override.controls)
    names += [one.file for one in told if one in by_person]
    found = await client.files_exist(list(dict.fromkeys(names))) if names else ()
    return {file.name for file in found if not file.exists}


def assemble(
    wishes: Wishes,
    model: ModelFile,
    catalog: Catalog,
    address: str,
    absent: Collection[str] | None = None,
) -> Prepared:
    """Return what to send; `catalog` is all that is known of the server at `address`. Where
    `absent` is not None, files besides the model that it does not have, and those, are left out
    with a note.

    Raises what `prepare` raises, but looks for no file that only the server can know of.
    """
    runs = _runs(wishes)
    version = model.version
    config = configuration(wishes, model)
    seed, notes = settled(config.seed)
    # How often to generate is for us to see to; a server makes one run (docs/protocol.md 5.1).
    config = replace(config, seed=seed, batch_count=1)
    config, told = adjustments.in_blocks(config)
    notes += told
    config, told = adjustments.with_refiner(config, version, catalog, address, absent or ())
    notes += told
    if absent is not None:
        config, told = adjustments.without_absent(config, version, catalog, address, absent)
        notes += told
    config = lookup.with_files(config, version, catalog, address)
    config, dropped = relevant(config, version)
    unread = [name for name in dropped if name in wishes.settings]
    notes += [f"Models of {version} do not read {', '.join(unread)}."] if unread else []
    config, told = adjustments.with_effect(config, version, catalog)
    notes += told
    notes += _grown(config, version)
    config.check()  # a picture of an impossible size is not worth making
    wishes, told = _with_readers(wishes, catalog, version)
    notes += told
    config, hints, told = _steered(wishes, config, version, catalog, address, absent)
    notes += told
    has_image = wishes.image is not None
    notes += adjustments.remarks(config, version, catalog, has_image=has_image)
    request = GenerationRequest(
        prompt=wishes.prompt,
        negative_prompt=wishes.negative_prompt,
        config=config,
        override=lookup.used(config, catalog, model.version, wishes.prompt, wishes.negative_prompt),
        hints=hints,
        model_version=model.version,
    )
    started, told = _started(wishes, request, _keeps_alpha(config, version, catalog))
    notes += told
    for one in started:
        check(one)  # all of a batch, before the first is sent
    if started[0].ignores_image:
        notes.append(f"The image is not used: at strength 1 {model.file} starts from noise.")
        started = [replace(one, image=None) for one in started]
    return Prepared(tuple(_repeated(started, runs)), tuple(notes))


def _runs(wishes: Wishes) -> int:
    """Return how often to generate. Raises RequestRejected for never, and for what is no number."""
    runs = wishes.settings.get("batch_count", wishes.runs)
    if not isinstance(runs, int) or runs < 1:
        raise RequestRejected(
            f"Nothing is to be generated: batch_count is {runs}.", "Generate at least once."
        )
    return runs


def _grown(config: GenerationConfig, version: str) -> list[str]:
    """Return a sentence about results that come out larger than they are set."""
    known = versions.find(version)
    if known is None or known.hires_growth == 1 or not config.hires_fix:
        return []
    width, height = (known.hires_growth * one for one in (config.start_width, config.start_height))
    return [
        f"With the high-resolution fix a picture of {known.name} is likely to come out as"
        f" {width} x {height}, as its second pass is not made for this model: switch the fix off."
    ]


def configuration(wishes: Wishes, model: ModelFile) -> GenerationConfig:
    """Return the settings as they are wished: what is usual, over which wins what is said.

    A seed is as it is given, also below 0. Raises RequestRejected for a setting that does not
    exist.
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
    return replace(config, loras=(*config.loras, *loras))


def _with_readers(wishes: Wishes, catalog: Catalog, version: str) -> tuple[Wishes, list[str]]:
    """Return the wishes without pictures that nothing would read, and sentences about those."""
    notes: list[str] = []
    guides = []
    for guide in wishes.guides:
        spec = find(catalog.controls, guide.control.file) if guide.control else None
        if guide.control and guide.control.weight > 0 and spec and spec.version != version:
            notes.append(
                f"The control {spec.file} is for {spec.version}, the model for {version}: it is"
                " left out."
            )
        else:
            guides.append(guide)
    wishes = replace(wishes, guides=tuple(guides))
    if wishes.image is None and wishes.mask is not None:
        notes.append("The mask is not used: there is no image that it belongs to.")
        wishes = replace(wishes, mask=None)
    return wishes, notes


def _started(
    wishes: Wishes, request: GenerationRequest, keep_alpha: bool
) -> tuple[list[GenerationRequest], list[str]]:
    """Return the request once for each picture to start from, and sentences about the masks.

    A picture of which nothing is to be repainted comes back: at strength 0 without a mask a server
    samples nothing (docs/protocol.md 4.2).
    """
    if wishes.image is None:
        return [request], []
    from . import pictures

    starts = list(
        pictures.starts(
            wishes.image,
            wishes.mask,
            (request.config.start_width, request.config.start_height),
            wishes.fit,
            from_noise=wishes.from_noise,
            keep_alpha=keep_alpha,
        )
    )
    kept = [number for number, start in enumerate(starts, 1) if start.keeps_all]
    untouched = replace(request.config, strength=0.0)
    started = [
        replace(request, image=start.image, config=untouched)
        if start.keeps_all
        else replace(request, image=start.image, mask=start.mask)
        for start in starts
    ]
    if not kept:
        return started, []
    whitest = max(start.whitest for start in starts if start.keeps_all)
    how = "black" if whitest == 0 else f"below one half (at most {whitest:.2g}), that is black"
    which = ", ".join(map(str, kept))
    note = f"The mask is {how}: the picture comes back as it is."
    if len(starts) > 1:
        note = f"Of {len(starts)} masks {which} is {how}: the picture comes back as it is."
    if len(kept) > 1:
        note = f"Of {len(starts)} masks {which} are {how}: the pictures come back as they are."
    return started, [note]


def _steered(
    wishes: Wishes,
    config: GenerationConfig,
    version: str,
    catalog: Catalog,
    address: str,
    absent: Collection[str] | None,
) -> tuple[GenerationConfig, tuple[Hint, ...], tuple[str, ...]]:
    """Return the settings with the controls of the guides, the hints that bring pictures, and
    sentences about what is left out.
    """
    if not wishes.guides:
        return config, (), ()
    from . import pictures

    steering = steer(
        wishes.guides,
        config,
        catalog,
        address,
        version,
        absent=absent,
        has_image=wishes.image is not None,
        has_mask=pictures.has_mask(
            wishes.image, wishes.mask, keep_alpha=_keeps_alpha(config, version, catalog)
        ),
    )
    hints = tuple(pictures.hint_of(form, wishes.fit) for form in steering.hints)
    config = replace(config, controls=(*config.controls, *steering.controls))
    return config, hints, steering.notes


def _keeps_alpha(config: GenerationConfig, version: str, catalog: Catalog) -> bool:
    """Return whether the image is a reference whose alpha the model reads."""
    return config.strength == 1 and reads_alpha(version, lookup.modifier(config, catalog))


def _repeated(requests: Iterable[GenerationRequest], runs: int) -> Iterator[GenerationRequest]:
    """Yield each request as often as it is to run; every result has a seed of its own."""
    number = 0
    for request in requests:
        for _ in range(runs):
            seed = (request.config.seed + number) % SEEDS
            yield replace(request, config=replace(request.config, seed=seed))
            number += 1
