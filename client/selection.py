"""Which of a server's files a request uses: found by the names that people give, and repeated in
its override.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from ..errors import ModelUnavailable
from . import embeddings
from .catalog import (
    Catalog,
    ControlSpec,
    LoRASpec,
    ModelSpec,
    ServerInfo,
    UpscalerSpec,
    alike,
    find,
)
from .config import GenerationConfig

S = TypeVar("S", ModelSpec, LoRASpec, ControlSpec, UpscalerSpec)


def with_files(config: GenerationConfig, catalog: Catalog, address: str) -> GenerationConfig:
    """Return the configuration with files for the display names of LoRAs, refiner and upscaler.

    Raises ModelUnavailable for one that the server does not have.
    """

    def named(name: str, records: Iterable[S], what: str) -> str:
        return _file(name, records, what, address) if name else ""

    return replace(
        config,
        loras=tuple(
            replace(lora, file=named(lora.file, catalog.loras, "LoRA")) for lora in config.loras
        ),
        refiner_model=named(config.refiner_model, catalog.models, "refiner"),
        upscaler=named(config.upscaler, catalog.upscalers, "upscaler"),
    )


def _file(name: str, records: Iterable[S], what: str, address: str) -> str:
    """Return the file of that name or display name; a server would skip a missing one silently."""
    records = list(records)
    spec = find(records, name)
    if spec is not None:
        return spec.file
    raise ModelUnavailable(
        f"The server at {address} has no {what} {name}.",
        alike(name, records) or "Choose one that it has, or none.",
    )


def used(
    known: Catalog, config: GenerationConfig, catalog: Catalog, version: str, *prompts: str
) -> Catalog:
    """Return the specifications of exactly the files that a request uses (protocol.md 1.5).

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


def unknown(address: str, info: ServerInfo, name: str) -> ModelUnavailable:
    """Return the error for a model that the server does not have, or cannot use."""
    if name in info.files:
        return ModelUnavailable(
            f"The server at {address} has the file {name} but no specification of it, and would"
            " take it for Stable Diffusion 1.",
            "Import the model in the Draw Things app that runs the server, or choose another.",
        )
    models = info.catalog.models if info.catalog else ()
    advice = alike(name, models) or "Choose a model that it has."
    if not models:
        advice = "Download a model there first."
    return ModelUnavailable(f"The server at {address} has no model {name}.", advice)


def browser_off(address: str, silence: str, otherwise: str) -> ModelUnavailable:
    """Return the error for a server that keeps its lists to itself, and so does not `silence`."""
    return ModelUnavailable(
        f"The server at {address} does not {silence}: its model browser is off.",
        "Turn on Enable Model Browsing under API Server in Draw Things (gRPCServerCLI:"
        f" --model-browser), or {otherwise}.",
    )
