"""What is asked without generating: echo, models, files, hours, and which servers there are."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..client.catalog.lookup import browser_off
from ..client.catalog.records import (
    Catalog,
    ControlSpec,
    LoRASpec,
    ModelSpec,
    TextualInversionSpec,
    UpscalerSpec,
)
from ..errors import ModelUnavailable
from ..facts import versions
from .connection import open_client, timeout_seconds
from .outcome import OK, TRANSPORTS, exit_code
from .output import Output

if TYPE_CHECKING:
    from ..client.connection.nearby import Nearby

_Spec = ModelSpec | LoRASpec | ControlSpec | TextualInversionSpec | UpscalerSpec
_HASH_SECONDS = 600.0


async def echo(options: argparse.Namespace, output: Output) -> int:
    """Greet the server, and say who answers."""
    async with open_client(options, output) as client:
        info = await client.echo(timeout_seconds(options))
        address = client.endpoint.address
    counts = {} if info.catalog is None else {k: len(v) for k, v in _lists(info.catalog).items()}
    output.line(f"{info.message or 'An answer without words'} (from {address})")
    output.line(f"Server identifier: {info.server_identifier}")
    if info.catalog is None:
        output.line("Model browser: off")
    else:
        listed = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in counts.items())
        output.line(f"Model browser: on; {len(info.files)} files, {listed}")
    output.result(
        address=address,
        message=info.message,
        server_identifier=info.server_identifier,
        model_browser=info.catalog is not None,
        files=len(info.files),
        **counts,
    )
    return OK


async def models(options: argparse.Namespace, output: Output) -> int:
    """List what the server has, by model version."""
    async with open_client(options, output) as client:
        catalog = await client.catalog(timeout_seconds=timeout_seconds(options))
        address = client.endpoint.address
    if not (catalog.complete or catalog):
        otherwise = "ask for single files by name (drawbridge files NAME)"
        raise browser_off(address, "say which models it has", otherwise)
    if not catalog.complete:
        output.note("Its model browser is off: only official files are listed.")
    lists = _lists(catalog)
    chosen = [kind for kind in lists if kind in (options.lists or ["models"])]
    for kind in chosen:
        if len(chosen) > 1:
            output.line(f"{kind.replace('_', ' ').upper()}")
        if not lists[kind]:
            output.line(f"The server has no {kind.replace('_', ' ')}.")
        _print(output, lists[kind])
    output.result(
        address=address,
        complete=catalog.complete,
        **{kind: [_entry(spec) for spec in lists[kind]] for kind in chosen},
    )
    return OK


async def files(options: argparse.Namespace, output: Output) -> int:
    """Say which of some files the server has."""
    seconds = timeout_seconds(options)
    async with open_client(options, output) as client:
        if options.hashes:  # the server reads the files whole
            seconds = max(seconds, _HASH_SECONDS)
        found = await client.files_exist(options.names, options.hashes, seconds)
        address = client.endpoint.address
    for file in found:
        words = file.sha256 or "yes" if file.exists else "missing"
        output.line(f"{words}  {file.name}")
    entries = [
        {"name": file.name, "exists": file.exists, "sha256": file.sha256 or None} for file in found
    ]
    output.result(address=address, files=entries)
    missing = [file.name for file in found if not file.exists]
    return exit_code(ModelUnavailable("", "")) if missing else OK


async def hours(options: argparse.Namespace, output: Output) -> int:
    """Say how many compute units an account of Draw Things' cloud may use."""
    async with open_client(options, output) as client:
        units = await client.hours(timeout_seconds(options))
        address = client.endpoint.address
    if units is None:
        output.line("This server has no limits: only Draw Things' cloud counts compute units.")
        output.result(address=address, thresholds=None)
        return OK
    output.line(f"Community: {units.community:g} compute units")
    output.line(f"Plus: {units.plus:g} compute units")
    if units.expire_at > 0:
        output.line(f"Valid until: {_date(units.expire_at)}")
    told = {"community": units.community, "plus": units.plus, "expire_at": units.expire_at}
    output.result(address=address, thresholds=told)
    return OK


async def nearby(options: argparse.Namespace, output: Output) -> int:
    """List the servers that announce themselves on the local network."""
    from ..client.connection.nearby import nearby

    words = {transport: word for word, transport in TRANSPORTS.items()}
    found = await nearby(options.seconds, options.interfaces)
    if not found:
        output.line(f"No server announced itself within {options.seconds:g} seconds.")
    names, places = ([one.name for one in found], [_place(one) for one in found])
    wide, wider = (max(map(len, texts), default=0) for texts in (names, places))
    for one, place in zip(found, places, strict=True):
        output.line(f"{one.name:<{wide}}  {place:<{wider}}  {words[one.transport]}")
    entries = [
        {
            "name": one.name,
            "host": one.host,
            "port": one.port,
            "transport": words[one.transport],
        }
        for one in found
    ]
    output.result(servers=entries)
    return OK


def _place(server: Nearby) -> str:
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{host}:{server.port}"


def _lists(catalog: Catalog) -> dict[str, tuple[_Spec, ...]]:
    return {
        "models": catalog.models,
        "loras": catalog.loras,
        "controls": catalog.controls,
        "embeddings": catalog.textual_inversions,
        "upscalers": catalog.upscalers,
    }


def _print(output: Output, specs: Iterable[_Spec]) -> None:
    groups: dict[str, list[_Spec]] = {}
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


def _more(spec: _Spec) -> str:
    if isinstance(spec, TextualInversionSpec):
        return f"  <{spec.keyword}>"
    if isinstance(spec, UpscalerSpec):
        return f"  x{spec.scale_factor}"
    return "  (deprecated)" if spec.deprecated else ""


def _entry(spec: _Spec) -> dict[str, Any]:
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


def _date(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    except (OSError, OverflowError, ValueError):
        return str(seconds)
