"""The model that a command is about: named by options, or told by a specification."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ..client.catalog import lookup
from ..client.catalog.lookup import ModelFile
from ..client.catalog.names import find
from ..client.catalog.records import Catalog, ModelSpec
from ..client.catalog.specification import demand_files, read_model
from ..client.configuration.fields import GenerationConfig
from ..client.generation.advice import advise
from ..client.generation.relevance import relevant
from ..errors import RequestRejected
from ..facts import versions
from ..facts.samplers import Sampler
from .outcome import Usage
from .text_file import read_text

if TYPE_CHECKING:
    from ..client.client import DrawThingsClient


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


def read_specification(options: argparse.Namespace) -> ModelSpec | None:
    """Return the model's specification, None where no file is named.

    Raises Usage for one that is of no use, or that is another model's than the options say.
    """
    path = options.specification
    if path is None:
        return None
    try:
        spec = read_model(read_text(path, "specification"))
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
