"""Questions of Connect, Load Model and LoRA Stack to a server."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...client.catalog import lookup
from ...client.catalog.cache import Told
from ...client.catalog.names import find
from ...client.catalog.records import Catalog, LoRASpec
from ...client.catalog.specification import demand_files, read_model
from ...client.configuration.fields import LoRA
from ...client.generation.adjustments import lack
from ...client.store.server import Server
from ...errors import ModelUnavailable, RequestRejected
from ..records import AnyServer, Model, servers
from . import catalogs, specifications
from .any_server import first_of
from .client import open_client
from .status import question

if TYPE_CHECKING:
    from ...client.client import DrawThingsClient

# A server that was started to answer in turn does so after the generations of others.
PATIENCE_SECONDS = 600


async def greet(server: Server) -> Told:
    """Check that the server answers, and that it takes the secret; return what it tells."""
    async with open_client(server) as client:
        told = await question(client, PATIENCE_SECONDS)
    await catalogs.remember(server, told)
    return told


async def find_model(server: AnyServer, name: str, version: str) -> Model:
    """Return the model of that file name or display name; `version` is "" to ask the server.

    Raises ModelUnavailable where the server has no such file, or where nobody knows what it is.
    """
    found = await first_of(server, lambda one: _find_model(one, name, version))
    return replace(found, server=server)


async def _find_model(server: Server, name: str, version: str) -> Model:
    async with open_client(server) as client:
        info = await client.echo(PATIENCE_SECONDS)
        catalog = await client.catalog(info)
        await catalogs.learn(server, info, catalog)
        model = await lookup.find_model(client, catalog, name, version)
        address = client.endpoint.address
    if not model.version:
        raise lookup.untold(address, name, "choose the version in Load Model")
    return Model(server, model.file, model.version, model.spec.raw if model.spec else "")


async def find_specified(server: AnyServer, specification: str, name: str, version: str) -> Model:
    """Return the model of a specification that a person gives, for a file that the server has.

    `name` and `version` are "" or those of the specification. Raises RequestRejected where they are
    not, or where the specification is of no use; ModelUnavailable for files that are missing.
    """
    spec = read_model(specification)
    if name and find([spec], name) is None:
        raise RequestRejected(
            f"The specification is that of {spec.file}, not of {name}.",
            "Empty the model in Load Model, or give the specification of that model.",
        )
    if version and version != spec.version:
        raise RequestRejected(
            f"The specification says version {spec.version}, not {version}.",
            "Set the version in Load Model to automatic.",
        )

    async def demand(one: Server) -> None:
        async with open_client(one) as client:
            await demand_files(client, spec)

    await first_of(server, demand)
    return Model(server, spec.file, spec.version, spec.raw)


async def find_loras(
    model: Model, loras: Sequence[LoRA]
) -> tuple[tuple[LoRA, ...], tuple[LoRASpec, ...], tuple[str, ...]]:
    """Return LoRAs with files for display names, what is known about them, and sentences about
    those that fit neither the model nor a refiner of it: they are left out, as a server would.

    So are those that the server does not have; of several servers one that has them all is asked
    before. With the server's model browser off, nothing is known of files that are neither official
    nor specified by a person. Raises ModelUnavailable where a file is missing that a specification
    names besides its LoRA's.
    """
    if not loras:
        return (), (), ()
    if len(servers(model.server)) > 1:
        with contextlib.suppress(ModelUnavailable):
            return await first_of(
                model.server, lambda one: _find_loras(one, model, loras, demand_all=True)
            )
    return await first_of(
        model.server, lambda one: _find_loras(one, model, loras, demand_all=False)
    )


async def _find_loras(
    server: Server, model: Model, loras: Sequence[LoRA], *, demand_all: bool
) -> tuple[tuple[LoRA, ...], tuple[LoRASpec, ...], tuple[str, ...]]:
    async with open_client(server) as client:
        info = await client.echo(PATIENCE_SECONDS)
        catalog = await client.catalog(info)
        await catalogs.learn(server, info, catalog)
        specified = specifications.catalog(loras).loras
        catalog = lookup.beside(Catalog(loras=specified), catalog)
        address = client.endpoint.address
        notes: list[str] = []
        if not demand_all:
            absent = await _absent(client, catalog, loras, specified)
            kept = []
            for lora in loras:
                note = lack(lookup.LORA, lora.file, catalog, address, absent)
                if note:
                    notes.append(note)
                else:
                    kept.append(lora)
            loras = kept
            specified = tuple(spec for spec in specified if spec.file not in absent)
        await demand_files(client, *specified)
        both = [
            (lora, lookup.find_lora(lora.file, model.version, catalog, address)) for lora in loras
        ]
        if demand_all:
            untold = [(lookup.LORA, lora.file) for lora, spec in both if spec is None]
            await lookup.demand_names(client, catalog, untold)
    notes += [
        f"The LoRA {spec.file} is for {spec.version}, the model for {model.version}: it is left"
        " out."
        for _, spec in both
        if spec and not lookup.suits(model.version, spec)
    ]
    both = [(lora, spec) for lora, spec in both if not spec or lookup.suits(model.version, spec)]
    files = (replace(lora, file=spec.file) if spec else lora for lora, spec in both)
    return tuple(files), tuple(spec for _, spec in both if spec), tuple(notes)


async def _absent(
    client: DrawThingsClient,
    catalog: Catalog,
    loras: Sequence[LoRA],
    specified: Sequence[LoRASpec],
) -> set[str]:
    """Return the files of LoRAs that are not there, of those that only the server can know of."""
    names = [spec.file for spec in specified]
    if not catalog.complete:
        names += [lora.file for lora in loras if catalog.lora(lora.file) is None]
    found = await client.files_exist(list(dict.fromkeys(names))) if names else ()
    return {file.name for file in found if not file.exists}
