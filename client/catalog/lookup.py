"""Which of a server's files a request uses: found by the names that people give, and repeated in
its override.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from ...errors import ModelUnavailable
from ..configuration.fields import GenerationConfig
from . import embeddings, official
from .records import (
    Catalog,
    ControlSpec,
    LoRASpec,
    ModelSpec,
    UpscalerSpec,
    alike,
    find,
)

if TYPE_CHECKING:
    from ..client import DrawThingsClient

S = TypeVar("S", ModelSpec, LoRASpec, ControlSpec, UpscalerSpec)
_AnySpec = ModelSpec | LoRASpec | ControlSpec | UpscalerSpec


async def find_model(client: DrawThingsClient, catalog: Catalog, name: str) -> ModelSpec | None:
    """Return the model of that file or display name, None for a file that nobody knows.

    `catalog` is the client's. Raises ModelUnavailable where the server does not have the model, or
    a file that it needs.
    """
    spec = find(catalog.models, name)
    if spec is not None:
        return spec
    spec = find(official.catalog().models, name)
    if spec is not None:
        await require(client, spec, "model")
        return spec
    address = client.endpoint.address
    if catalog.complete:
        raise unknown(address, catalog, name)
    [found] = await client.files_exist([name])
    if not found.exists:
        raise ModelUnavailable(
            f"The server at {address} has no file {name}.",
            alike(name, catalog.models) or "Enter the name of a model file that is on the server.",
        )
    return None


async def require(client: DrawThingsClient, spec: _AnySpec, what: str) -> None:
    """Raise ModelUnavailable unless the server has an official file and those that it needs."""
    found = await client.files_exist(list(official.needed(spec)))
    missing = [file.name for file in found if not file.exists]
    address = client.endpoint.address
    if spec.file in missing:
        raise ModelUnavailable(
            f"The server at {address} has no {what} {spec.file}.",
            f"Download {spec.name} in the Draw Things app there, or choose another {what}.",
        )
    if missing:
        raise ModelUnavailable(
            f"The server at {address} lacks {', '.join(missing)}, which {spec.name} needs.",
            f"Download {spec.name} in the Draw Things app there, or bring the files with Upload.",
        )


def absent(address: str, what: str, spec: _AnySpec) -> ModelUnavailable:
    """Return the error for an official file that is not usable on the server."""
    return ModelUnavailable(
        f"The server at {address} has no {what} {spec.file}, or not all files that it needs.",
        f"Download {spec.name} in the Draw Things app there, or choose another {what}.",
    )


def with_files(config: GenerationConfig, catalog: Catalog, address: str) -> GenerationConfig:
    """Return the configuration with files for the display names of LoRAs, refiner and upscaler.

    Raises ModelUnavailable for one that the server does not have. A name that is in no list is
    left as it is where the catalogue is not complete.
    """
    listed = official.catalog()

    def named(name: str, records: Iterable[S], others: Iterable[S], what: str) -> str:
        if not name:
            return ""
        spec = resolve(name, records, others, what, address, complete=catalog.complete)
        return spec.file if spec else name

    return replace(
        config,
        loras=tuple(
            replace(lora, file=named(lora.file, catalog.loras, listed.loras, "LoRA"))
            for lora in config.loras
        ),
        refiner_model=named(config.refiner_model, catalog.models, listed.models, "refiner"),
        upscaler=named(config.upscaler, catalog.upscalers, listed.upscalers, "upscaler"),
    )


def resolve(
    name: str,
    records: Iterable[S],
    others: Iterable[S],
    what: str,
    address: str,
    *,
    complete: bool,
) -> S | None:
    """Return the record of that file or display name; None where nobody knows more than the name.

    `others` are official ones. Raises ModelUnavailable for what the server does not have: it would
    skip it in silence.
    """
    records = list(records)
    spec = find(records, name)
    if spec is not None:
        return spec
    other = find(others, name)
    if other is not None:
        raise absent(address, what, other)
    if not complete:
        return None
    raise ModelUnavailable(
        f"The server at {address} has no {what} {name}.",
        alike(name, records) or "Choose one that it has, or none.",
    )


def beside(given: Catalog, catalog: Catalog) -> Catalog:
    """Return the catalogue with the LoRAs and controls that a person gives, who overrules it."""
    return replace(
        catalog,
        loras=_overruled(catalog.loras, given.loras),
        controls=_overruled(catalog.controls, given.controls),
    )


def used(
    known: Catalog, config: GenerationConfig, catalog: Catalog, version: str, *prompts: str
) -> Catalog:
    """Return the specifications of exactly the files that a request uses (docs/protocol.md 1.5).

    `known` has the model's, `catalog` is all that the server has; `version` is the model's.
    """
    stages = [name for spec in known.models for name in spec.stage_models]
    models = [catalog.model(name) for name in (config.refiner_model, *stages)]
    return replace(
        known,
        models=(*known.models, *_present(models)),
        loras=_present(catalog.lora(lora.file) for lora in config.loras),
        controls=_present(catalog.control(control.file) for control in config.controls),
        upscalers=_present([catalog.upscaler(config.upscaler)]),
        textual_inversions=tuple(embeddings.used(catalog, version, *prompts)),
    )


def _present(specs: Iterable[S | None]) -> tuple[S, ...]:
    kept = {spec.file: spec for spec in specs if spec is not None}
    return tuple(kept.values())


def _overruled(records: Iterable[S], given: Iterable[S]) -> tuple[S, ...]:
    said = _present(given)
    files = {spec.file for spec in said}
    # Behind the others, whose display names they do not take.
    return (*(spec for spec in records if spec.file not in files), *said)


def unknown(address: str, catalog: Catalog, name: str) -> ModelUnavailable:
    """Return the error for a model that the server does not have, or cannot use."""
    if name in catalog.files:
        return ModelUnavailable(
            f"The server at {address} has the file {name} but no specification of it, and would"
            " take it for Stable Diffusion 1.",
            "Give the model's specification, too, or import the model in the Draw Things app that"
            " runs the server.",
        )
    advice = alike(name, catalog.models) or "Choose a model that it has."
    if not catalog.models:
        advice = "Download a model there first."
    return ModelUnavailable(f"The server at {address} has no model {name}.", advice)


def untold(address: str, file: str, otherwise: str) -> ModelUnavailable:
    """Return the error for a file that neither its server nor the official list describes."""
    return ModelUnavailable(
        f"Nobody tells what {file} is: it is no official file, and the model browser of the server"
        f" at {address} is off.",
        "Turn on Enable Model Browsing under API Server in Draw Things (gRPCServerCLI:"
        f" --model-browser), or {otherwise}.",
    )


def browser_off(address: str, silence: str, otherwise: str) -> ModelUnavailable:
    """Return the error for a server that keeps its lists to itself, and so does not `silence`."""
    return ModelUnavailable(
        f"The server at {address} does not {silence}: its model browser is off.",
        "Turn on Enable Model Browsing under API Server in Draw Things (gRPCServerCLI:"
        f" --model-browser), or {otherwise}.",
    )
