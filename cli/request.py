"""What a generation is told: the model's own settings, then a configuration, then the options."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..client.catalog import lookup
from ..client.catalog.records import Catalog, ModelSpec, find
from ..client.catalog.specification import demand_files, read_model
from ..client.configuration.fields import GenerationConfig
from ..client.generation.advice import advise
from ..client.generation.relevance import relevant
from ..errors import RequestRejected
from ..facts.samplers import Sampler
from ..facts.versions import family
from .outcome import Usage

if TYPE_CHECKING:
    from ..client.client import DrawThingsClient
    from ..client.configuration.clipboard import Imported
    from ..client.generation.request import GenerationRequest

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


@dataclass(frozen=True)
class Model:
    """A model that the server has; `version` is "" and `spec` None where nobody knows more."""

    file: str
    version: str
    spec: ModelSpec | None = None

    @property
    def known(self) -> Catalog:
        """Return the model's specification as a request repeats it."""
        return Catalog(models=(self.spec,)) if self.spec else Catalog()


async def find_model(
    client: DrawThingsClient, catalog: Catalog, name: str, version: str = ""
) -> Model:
    """Return the model of that file or display name; `version` counts where nobody knows more.

    `catalog` is the client's. Raises ModelUnavailable where the server does not have it.
    """
    spec = await lookup.find_model(client, catalog, name)
    if spec is None:
        return Model(name, version)
    if version and version != spec.version:
        raise RequestRejected(
            f"The model {spec.file} is of version {spec.version}, not {version}.",
            "Leave --model-version out.",
        )
    return Model(spec.file, spec.version, spec)


async def specified(client: DrawThingsClient, spec: ModelSpec) -> Model:
    """Return the model of a specification that a person gives.

    Raises ModelUnavailable unless the server has every file that it names.
    """
    await demand_files(client, spec)
    return Model(spec.file, spec.version, spec)


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


def build(
    options: argparse.Namespace,
    imported: Imported,
    model: Model,
    catalog: Catalog,
    address: str,
) -> tuple[GenerationRequest, list[str]]:
    """Return the request, and what a person should know of it, in sentences.

    Raises ModelUnavailable for a file that the server does not have, RequestRejected for what it
    would crash on or ignore, Usage for picture files that cannot be read.
    """
    from ..client.generation.request import GenerationRequest
    from . import pictures

    if not model.version:
        otherwise = "name the version with --model-version, such as sdxl_base_v0.9"
        raise lookup.untold(address, model.file, otherwise)
    notes = list(imported.warnings)
    config = GenerationConfig(**_values(options, imported.values, model))
    if config.batch_count > 1:
        notes.append(f"One of the configuration's {config.batch_count} batches is generated.")
    config = lookup.with_files(config, catalog, address)
    config, dropped = relevant(config, model.version)
    unread = [name for name in dropped if name in imported.values]
    if unread:
        notes.append(f"Models of {model.version} do not read {', '.join(unread)}.")
    prompts = (options.prompt, options.negative_prompt)
    override = lookup.used(model.known, config, catalog, model.version, *prompts)
    request = GenerationRequest(
        *(options.prompt, config, options.negative_prompt, override),
        model_version=model.version,
    )
    if options.image is not None:
        sides = (config.start_width, config.start_height)
        request.config.check()  # a picture of an impossible size is not worth making
        image, mask = pictures.load(options.image, options.mask, *sides)
        request = replace(request, image=image, mask=mask)
    request.check()
    if request.ignores_image:
        notes.append(
            f"The image is not used: at strength 1 {model.file} starts from noise (--strength)."
        )
    return request, notes


def _values(
    options: argparse.Namespace, imported: Mapping[str, object], model: Model
) -> dict[str, Any]:
    given: dict[str, Any] = {
        field: value
        for option, field in _FIELDS.items()
        if (value := getattr(options, option)) is not None
    }
    if options.guidance is not None:  # of models with a guidance input it is that value
        given["guidance_embed"] = options.guidance
    if options.shift is not None:
        given["resolution_dependent_shift"] = False
    advised = advise(model.file, model.version, model.spec)
    if advised.get("hires_fix") and {"start_width", "start_height"} & {*given, *imported}:
        # the first pass was meant for the advised size
        advised = {name: v for name, v in advised.items() if not name.startswith("hires_fix")}
    seed = {"seed": secrets.randbits(32)}
    return {**seed, **advised, **imported, **given, "model": model.file}


def tiny(model: Model) -> GenerationConfig:
    """Return settings that take the server as little time as possible, for a try."""
    advised = advise(model.file, model.version, model.spec)
    kept = {name: v for name, v in advised.items() if not name.startswith(("hires_fix", "refiner"))}
    known = family(model.version)
    if known is not None and known.is_video:
        kept["num_frames"] = 1 + known.frames_per_latent
    if not model.version:  # nobody knows what it is; this one draws with every kind
        kept["sampler"] = Sampler.UNIPC_TRAILING
    small = {"start_width": 256, "start_height": 256, "steps": min(4, int(kept["steps"]))}
    config = GenerationConfig(**{**kept, **small, "model": model.file})
    return relevant(config, model.version)[0]
