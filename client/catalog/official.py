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
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..threads import in_thread
from .records import KINDS, Catalog, ControlSpec, LoRASpec, ModelSpec, ServerInfo, UpscalerSpec

if TYPE_CHECKING:
    from ..client import DrawThingsClient

S = TypeVar("S", ModelSpec, LoRASpec, ControlSpec, UpscalerSpec)

# Of every kind, first the files that servers have built in, then those of the app's public lists.
CATALOG: Catalog
_FILE = "official_files.json"


def __getattr__(name: str) -> Catalog:
    """Read the list when it is first asked for: most who import this never need it."""
    if name != "CATALOG":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _read()


@cache
def _read() -> Catalog:
    groups = json.loads(Path(__file__).with_name(_FILE).read_text(encoding="utf-8"))
    lists = {
        kind: json.dumps([entry for group in groups.values() for entry in group[kind]]).encode()
        for kind in KINDS
    }
    return Catalog.from_json(**lists)


def known(file: str) -> ModelSpec | None:
    """Return the official specification of a model file."""
    return _read().model(file)


def needed(spec: ModelSpec | LoRASpec | ControlSpec | UpscalerSpec) -> tuple[str, ...]:
    """Return every file without which a server cannot use that of the specification."""
    files = [spec.file]
    if not isinstance(spec, UpscalerSpec):
        files += spec.files
    if isinstance(spec, ModelSpec):
        files += spec.stage_models
    return tuple(dict.fromkeys(files))


async def usable(client: DrawThingsClient, info: ServerInfo) -> Catalog:
    """Return what the server tells, and the official files besides that it has.

    With its model browser off this is not `complete`: it may have other files. Raises what
    `files_exist` raises.
    """
    told, listed = info.catalog, await in_thread(lambda _: _read())
    if told is not None:
        there = set(info.files)
    else:
        specs = (*listed.models, *listed.loras, *listed.controls, *listed.upscalers)
        names = list(dict.fromkeys(file for spec in specs for file in needed(spec)))
        there = {file.name for file in await client.files_exist(names) if file.exists}
        told = Catalog(complete=False)
    return replace(
        told,
        models=_joined(told.models, listed.models, there),
        loras=_joined(told.loras, listed.loras, there),
        controls=_joined(told.controls, listed.controls, there),
        upscalers=_joined(told.upscalers, listed.upscalers, there),
    )


def _joined(told: Sequence[S], listed: Sequence[S], there: set[str]) -> tuple[S, ...]:
    """Return the server's own records, and of the others those of which every file is there."""
    own = {spec.file for spec in told}
    added = (spec for spec in listed if spec.file not in own and there.issuperset(needed(spec)))
    return (*told, *added)
