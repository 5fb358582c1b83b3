"""What a server has, by the names that the command line has for it."""

from __future__ import annotations

from ..client.catalog.records import (
    Catalog,
    ControlSpec,
    LoRASpec,
    ModelSpec,
    TextualInversionSpec,
    UpscalerSpec,
)

Spec = ModelSpec | LoRASpec | ControlSpec | TextualInversionSpec | UpscalerSpec


def lists(catalog: Catalog) -> dict[str, tuple[Spec, ...]]:
    """Return what a catalogue has, by the names of the options of `models`."""
    return {
        "models": catalog.models,
        "loras": catalog.loras,
        "controls": catalog.controls,
        "embeddings": catalog.textual_inversions,
        "upscalers": catalog.upscalers,
    }
