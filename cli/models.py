"""The command models: what the server has, by model version."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from ..client.catalog.json_values import MOST_ELEMENTS
from ..client.catalog.lookup import browser_off
from ..client.catalog.records import (
    ControlSpec,
    LoRASpec,
    ModelSpec,
    TextualInversionSpec,
    UpscalerSpec,
)
from ..facts import versions
from .command import Command
from .connection import open_client, timeout_seconds
from .lists import Spec, lists
from .outcome import OK
from .output import Output


def _options(parser: argparse.ArgumentParser) -> None:
    for name in ("models", "loras", "controls", "upscalers", "embeddings"):
        parser.add_argument(
            f"--{name}",
            action="append_const",
            dest="lists",
            const=name,
            help=f"list the {name}" + (", as without any of these" if name == "models" else ""),
        )


async def models(options: argparse.Namespace, output: Output) -> int:
    """List what the server has, by model version."""
    async with open_client(options, output) as client:
        catalog = await client.catalog(timeout_seconds=timeout_seconds(options))
        address = client.endpoint.address
    if not (catalog.complete or catalog):
        otherwise = "ask for single files by name (drawbridge files NAME)"
        raise browser_off(address, "say which models it has", otherwise)
    has = lists(catalog)
    if any(len(specs) == MOST_ELEMENTS for specs in has.values()):
        output.note(f"Of a list longer than {MOST_ELEMENTS:,} entries the first ones are shown.")
    elif not catalog.complete:
        output.note("Its model browser is off: only official files are listed.")
    chosen = [kind for kind in has if kind in (options.lists or ["models"])]
    for kind in chosen:
        if len(chosen) > 1:
            output.line(f"{kind.replace('_', ' ').upper()}")
        if not has[kind]:
            output.line(f"The server has no {kind.replace('_', ' ')}.")
        _print(output, has[kind])
    output.result(
        address=address,
        complete=catalog.complete,
        **{kind: [_entry(spec) for spec in has[kind]] for kind in chosen},
    )
    return OK


def _print(output: Output, specs: Iterable[Spec]) -> None:
    groups: dict[str, list[Spec]] = {}
    for spec in specs:
        groups.setdefault("" if isinstance(spec, UpscalerSpec) else spec.version, []).append(spec)
    for version in sorted(groups, key=lambda one: _title(one).casefold()):
        if version:
            output.line(_title(version))
        group = sorted(groups[version], key=lambda spec: spec.file.casefold())
        widest = max(len(spec.file) for spec in group)
        for spec in group:
            output.line(f"  {spec.file:<{widest}}  {spec.name}{_more(spec)}")


def _title(version: str) -> str:
    known = versions.find(version)
    return f"{known.name} ({version})" if known else version


def _more(spec: Spec) -> str:
    if isinstance(spec, TextualInversionSpec):
        return f"  <{spec.keyword}>"
    if isinstance(spec, UpscalerSpec):
        return f"  x{spec.scale_factor}"
    return "  (deprecated)" if spec.deprecated else ""


def _entry(spec: Spec) -> dict[str, Any]:
    entry: dict[str, Any] = {"file": spec.file, "name": spec.name}
    if isinstance(spec, UpscalerSpec):
        return {**entry, "scale_factor": spec.scale_factor}
    entry.update(version=spec.version, deprecated=spec.deprecated)
    if isinstance(spec, ModelSpec):
        entry.update(modifier=spec.modifier, default_size_px=spec.default_size_px)
    elif isinstance(spec, LoRASpec):
        entry.update(modifier=spec.modifier, weight=spec.weight)
    elif isinstance(spec, ControlSpec):
        entry.update(type=spec.type, kind=spec.kind)
    else:
        entry["keyword"] = spec.keyword
    return entry


COMMAND = Command("models", "list what the server has, by model version", models, _options)
