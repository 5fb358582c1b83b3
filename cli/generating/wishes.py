"""What the options, the configuration and a preset ask of a model: one record of wishes."""

from __future__ import annotations

import argparse
import secrets
from typing import TYPE_CHECKING

from ...client.catalog.lookup import ModelFile
from ...client.catalog.records import Catalog, ModelSpec
from ...client.configuration.fields import SEEDS, GenerationConfig, Values
from ...client.generation.relevance import reads
from .. import pictures, request
from ..outcome import Usage
from . import steering, words
from .configuration import Given
from .options import NOISE
from .presets import Preset

if TYPE_CHECKING:
    from ...client.client import DrawThingsClient
    from ...client.generation.assemble import Wishes

# Options that are fields of the configuration under other names.
_FIELDS = {
    "width": "start_width",
    "height": "start_height",
    "steps": "steps",
    "guidance": "guidance_scale",
    "sampler": "sampler",
    "shift": "shift",
    "strength": "strength",
    "batch_size": "batch_size",
}
# What is no setting of a single request here, or comes with pictures of its own.
_APART = ("model", "seed", "batch_count", "controls")
_DRAWN = -1


def check(
    options: argparse.Namespace, given: Given, preset: Preset | None, spec: ModelSpec | None
) -> None:
    """Raise Usage for options that do not go together, before a server is asked."""
    if not (_name(options, given, spec) or preset):
        raise Usage("No model is named.", "Name one with --model; drawbridge models lists them.")
    if options.image is None:
        for option in ("mask", "strength"):
            if getattr(options, option) is not None:
                raise Usage(
                    f"--{option} is given without an image.",
                    f"Add --image or leave --{option} out.",
                )
    if options.masked_content is not None and options.mask is None and options.image is None:
        raise Usage(
            "--masked-content is given without a mask.",
            "Add --mask or leave --masked-content out.",
        )


async def model(
    client: DrawThingsClient,
    catalog: Catalog,
    options: argparse.Namespace,
    given: Given,
    preset: Preset | None,
    spec: ModelSpec | None,
) -> ModelFile:
    """Return the model that is meant.

    Raises ModelUnavailable where the server does not have it, Usage where a preset alone names it
    and the server lists none that it is for.
    """
    if spec is not None:
        return await request.specified(client, spec)
    name = _name(options, given, spec)
    if not name and preset is not None:
        name = preset.model(catalog)
        if not name:
            raise Usage(
                f"The server lists no model that the preset {preset.name} is for.",
                "Name one with --model; drawbridge models lists them.",
            )
    return await request.find_model(client, catalog, options, name)


def _name(options: argparse.Namespace, given: Given, spec: ModelSpec | None) -> str:
    return spec.file if spec else options.model or str(given.values.get("model", ""))


def read(
    options: argparse.Namespace,
    given: Given,
    preset: Preset | None,
    chosen: ModelFile,
    specified: Catalog,
    catalog: Catalog,
) -> Wishes:
    """Return what is asked of the model, but for prompts and seeds.

    `specified` are the specifications of LoRAs and controls that a person gives; `catalog` is all
    that is known of the server's files. Raises Usage for words and files that cannot be meant.
    """
    from ...client.generation.assemble import Wishes
    from ...codec.fit import Fit

    config = GenerationConfig.of({name: given.values[name] for name in given.values})
    controls = config.controls if "controls" in given.values or not preset else preset.controls
    values = {name: value for name, value in given.values.items() if name not in _APART}
    return Wishes(
        chosen,
        "",
        words.negative_prompt(
            options, given, preset.negative_prompt(chosen.file) if preset else ""
        ),
        {
            **(preset.values(chosen.spec) if preset else {}),
            **values,
            **_values(options, chosen.version),
        },
        loras=steering.loras(options),
        guides=steering.guides(options, controls, catalog),
        specified=specified,
        image=None if options.image is None else pictures.read_image(options.image),
        mask=None if options.mask is None else pictures.read_mask(options.mask),
        fit=None if options.fit is None else Fit[options.fit.upper()],
        from_noise=options.masked_content == NOISE,
        runs=config.batch_count if options.batch_count is None else options.batch_count,
    )


def seeds(options: argparse.Namespace, given: Given) -> list[int]:
    """Return the seeds to generate with; one is drawn where none is given, and for each -1.

    Raises Usage for what is no seed.
    """
    wanted: list[int] = options.seed or [_DRAWN]
    if options.seed is None and isinstance(said := given.values.get("seed"), int):
        wanted = [said]
    for seed in wanted:
        if not _DRAWN <= seed < SEEDS:
            raise Usage(
                f"The seed {seed} is outside of 0 to {SEEDS - 1}.",
                "Choose one inside, or -1 to draw one.",
            )
    return [secrets.randbits(32) if seed < 0 else seed for seed in wanted]


def _values(options: argparse.Namespace, version: str) -> Values:
    said: dict[str, object] = {
        field: value
        for option, field in _FIELDS.items()
        if (value := getattr(options, option)) is not None
    }
    if options.guidance is not None and reads(version, "guidance_embed"):
        said["guidance_embed"] = options.guidance  # of models with a guidance input it is that
    if options.shift is not None and reads(version, "resolution_dependent_shift"):
        said["resolution_dependent_shift"] = False
    return said
