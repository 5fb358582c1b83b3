"""The official files of Draw Things: what they are, for servers that do not tell.

A server knows the specifications that are built into its binary, and those in its own custom*.json
files (docs/protocol.md 1.3), whatever its model browser is set to. All else it takes for Stable
Diffusion 1, or leaves out, unless the request's override says what it is. The other official files
are such: the app writes them to the custom files when it downloads them, but a file that was copied
has no entry, and gRPCServerCLI never asks for the app's lists on the web. Which of them a server of
some age has built in cannot be known either, so a request always carries the specification of an
official file. It is whole, as it overrules the server's own for that request; a server that cannot
read it (a version younger than itself) drops it and goes by its own.

Textual inversions are the exception: a server looks a keyword up in its own list alone, and none is
built in.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar

from ...facts import official_files
from ...facts.specifications import LISTS
from .records import Catalog, ControlSpec, LoRASpec, ModelSpec, UpscalerSpec

S = TypeVar("S", ModelSpec, LoRASpec, ControlSpec, UpscalerSpec)


@cache
def catalog() -> Catalog:
    """Return the official files: of every kind first those that servers have built in, then those
    of the app's public lists. The first call reads them from disk.
    """
    groups = official_files.groups().values()
    lists = {
        kind: json.dumps([entry for group in groups for entry in group[kind]]).encode()
        for kind in LISTS
    }
    return Catalog.from_json(**lists)


def known(file: str) -> ModelSpec | None:
    """Return the official specification of a model file."""
    return catalog().model(file)


def needed(spec: ModelSpec | LoRASpec | ControlSpec | UpscalerSpec) -> tuple[str, ...]:
    """Return every file without which a server cannot use that of the specification."""
    files = [spec.file]
    if not isinstance(spec, UpscalerSpec):
        files += spec.files
    if isinstance(spec, ModelSpec):
        files += spec.stage_models
    return tuple(dict.fromkeys(files))


def files() -> list[str]:
    """Return every official file, and those that they need; without textual inversions."""
    listed = catalog()
    specs = (*listed.models, *listed.loras, *listed.controls, *listed.upscalers)
    return list(dict.fromkeys(file for spec in specs for file in needed(spec)))


def beside(told: Catalog, there: Collection[str]) -> Catalog:
    """Return the server's own records, and behind them the official ones that it does not tell of.

    `there` are the names of files that it has; an official file counts if all are there that it
    needs.
    """
    there, listed = frozenset(there), catalog()
    return replace(
        told,
        files=there,
        models=_joined(told.models, listed.models, there),
        loras=_joined(told.loras, listed.loras, there),
        controls=_joined(told.controls, listed.controls, there),
        upscalers=_joined(told.upscalers, listed.upscalers, there),
    )


def _joined(told: Sequence[S], listed: Sequence[S], there: frozenset[str]) -> tuple[S, ...]:
    """Return the server's own records, and of the others those of which every file is there."""
    own = {spec.file for spec in told}
    added = (spec for spec in listed if spec.file not in own and there.issuperset(needed(spec)))
    return (*told, *added)
