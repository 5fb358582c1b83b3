"""The request of a generation: the model's own settings, a configuration, then the options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..client.catalog import lookup
from ..client.catalog.lookup import ModelFile
from ..client.catalog.names import find
from ..client.catalog.records import Catalog, ModelSpec
from ..client.catalog.specification import demand_files, read_model
from ..client.configuration.fields import GenerationConfig, Values
from ..client.generation.advice import advise
from ..client.generation.relevance import reads, relevant
from ..errors import RequestRejected
from ..facts import versions
from ..facts.samplers import Sampler
from .outcome import Usage

if TYPE_CHECKING:
    from ..client.client import DrawThingsClient
    from ..client.configuration.clipboard import Imported
    from ..client.generation.assemble import Wishes

_MOST_BYTES = 1 << 20
# Options that are fields of the configuration under other names.
_FIELDS = {
    "width": "start_width",
    "height": "start_height",
    "steps": "steps",
    "guidance": "guidance_scale",
    "seed": "seed",
    "sampler": "sampler",
    "shift": "shift",
    "strength": "strength",
    "batch_size": "batch_size",
}


def add_model(parser: argparse.ArgumentParser, text: str) -> None:
    """Add the options that name a model; `text` explains the first."""
    parser.add_argument("--model", default="", metavar="M", help=text)
    parser.add_argument(
        "--model-version",
        default="",
        metavar="V",
        help="the model's version, such as flux1: for a model that is not official, where the "
        "server's model browser is off",
    )


async def find_model(
    client: DrawThingsClient, catalog: Catalog, options: argparse.Namespace, name: str
) -> ModelFile:
    """Return the model of that file or display name, of the version of the options where nobody
    knows it.

    `catalog` is the client's. Raises ModelUnavailable where the server does not have it, or where
    nobody tells of which version it is.
    """
    model = await lookup.find_model(client, catalog, name, options.model_version)
    if not model.version:
        otherwise = "name the version with --model-version, such as sdxl_base_v0.9"
        raise lookup.untold(client.endpoint.address, model.file, otherwise)
    return model


async def specified(client: DrawThingsClient, spec: ModelSpec) -> ModelFile:
    """Return the model of a specification that a person gives.

    Raises ModelUnavailable unless the server has every file that it names.
    """
    await demand_files(client, spec)
    return ModelFile.of(spec)


def read_configuration(path: Path | None) -> Imported:
    """Return what a file with the app's configuration says, nothing where there is no file."""
    from ..client.configuration import clipboard

    if path is None:
        return clipboard.Imported()
    try:
        return clipboard.read(_read(path, "configuration"))
    except RequestRejected as error:
        raise Usage(f"In {path}: {error.problem}", error.remedy) from error


def read_specification(options: argparse.Namespace) -> ModelSpec | None:
    """Return the model's specification, None where no file is named.

    Raises Usage for one that is of no use, or that is another model's than the options say.
    """
    path = options.specification
    if path is None:
        return None
    try:
        spec = read_model(_read(path, "specification"))
    except RequestRejected as error:
        raise Usage(f"In {path}: {error.problem}", error.remedy) from error
    if options.model and find([spec], options.model) is None:
        raise Usage(
            f"The specification is that of {spec.file}, not of {options.model}.",
            "Leave --model out, or give the specification of that model.",
        )
    if options.model_version not in ("", spec.version):
        raise Usage(
            f"The specification says version {spec.version}, not {options.model_version}.",
            "Leave --model-version out.",
        )
    return spec


def _read(path: Path, what: str) -> str:
    try:
        if path.is_file() and path.stat().st_size > _MOST_BYTES:
            raise Usage(f"The file {path} is too large for a {what}.", "Give another file.")
        return path.read_text(encoding="utf-8-sig")  # Windows' editors put a mark in front
    except FileNotFoundError:
        raise Usage(f"There is no file {path}.", "Check its path.") from None
    except (OSError, ValueError) as error:
        raise Usage(f"The file {path} cannot be read.", "Give a JSON text file.") from error


def check(options: argparse.Namespace, imported: Imported, spec: ModelSpec | None = None) -> str:
    """Return the model's name. Raises Usage for options that do not go together."""
    name = spec.file if spec else options.model or str(imported.values.get("model", ""))
    if not name:
        raise Usage("No model is named.", "Name one with --model; drawbridge models lists them.")
    if options.image is None:
        for option in ("mask", "strength"):
            if getattr(options, option) is not None:
                raise Usage(
                    f"--{option} is given without an image.",
                    f"Add --image or leave --{option} out.",
                )
    if imported.values.get("controls"):
        raise Usage(
            "The configuration has controls, whose pictures cannot be given here.",
            "Take the controls out of it, or use it in ComfyUI with Import Configuration.",
        )
    return name


def wishes(options: argparse.Namespace, imported: Imported, model: ModelFile) -> Wishes:
    """Return what the options and the configuration ask of a model.

    Raises Usage for picture files that cannot be read.
    """
    from ..client.generation.assemble import Wishes
    from . import pictures

    image = None if options.image is None else pictures.read_image(options.image)
    mask = None if options.mask is None else pictures.read_mask(options.mask)
    return Wishes(
        model,
        options.prompt,
        options.negative_prompt,
        {**imported.values, **_values(options, model.version)},
        image=image,
        mask=mask,
    )


def notes(imported: Imported) -> list[str]:
    """Return what a person should know of the configuration, in sentences."""
    count = imported.values.get("batch_count", 1)
    batches = f"One of the configuration's {count} batches is generated."
    return [*imported.warnings, *([] if count == 1 else [batches])]


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


def tiny(model: ModelFile) -> GenerationConfig:
    """Return settings that take the server as little time as possible, for a try."""
    advised = advise(model.file, model.version, model.spec)
    kept = {name: v for name, v in advised.items() if not name.startswith(("hires_fix", "refiner"))}
    known = versions.find(model.version)
    if known is not None and known.frame_rule is not None:
        kept["num_frames"] = known.frame_rule.shortest
    if not model.version:  # nobody knows what it is; this one draws with every kind
        kept["sampler"] = Sampler.UNIPC_TRAILING
    small = {"start_width": 256, "start_height": 256, "steps": min(4, int(kept["steps"]))}
    config = GenerationConfig(**{**kept, **small, "model": model.file})
    return relevant(config, model.version)[0]
