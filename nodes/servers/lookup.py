"""What Connect, Load Model and LoRA Stack ask of a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...client.catalog import lookup, official
from ...client.catalog.cache import Told
from ...client.catalog.records import Catalog, LoRASpec, alike, find
from ...client.catalog.specification import demand_files, read_model
from ...client.configuration.fields import LoRA
from ...errors import ModelUnavailable, RequestRejected
from ...facts.versions import takes_lora, takes_refiner
from ..sockets import Model, Server
from . import catalogs, specifications
from .client import open_client
from .status import question

# A server that was started to answer in turn does so after the generations of others.
PATIENCE_SECONDS = 600


async def greet(server: Server) -> Told:
    """Check that the server answers, and that it takes the secret; return what it tells."""
    async with open_client(server) as client:
        told = await question(client, PATIENCE_SECONDS)
    await catalogs.remember(server, told)
    return told


async def find_model(server: Server, name: str, version: str) -> Model:
    """Return the model of that file name or display name; `version` is "" to ask the server.

    Raises ModelUnavailable where the server has no such file, or where nobody knows what it is.
    """
    async with open_client(server) as client:
        info = await client.echo(PATIENCE_SECONDS)
        catalog = await client.catalog(info)
        await catalogs.learn(server, info, catalog)
        spec = await lookup.find_model(client, catalog, name)
        address = client.endpoint.address
    if spec is None and not version:
        raise lookup.untold(address, name, "choose the version in Load Model")
    if spec is None:
        return Model(server, name, version)
    if version and version != spec.version:
        raise RequestRejected(
            f"The model {spec.file} is of version {spec.version}, not {version}.",
            "Set the version in Load Model to automatic.",
        )
    return Model(server, spec.file, spec.version, spec.raw)


async def find_specified(server: Server, specification: str, name: str, version: str) -> Model:
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
    async with open_client(server) as client:
        await demand_files(client, spec)
    return Model(server, spec.file, spec.version, spec.raw)


async def find_loras(
    model: Model, loras: Sequence[LoRA]
) -> tuple[tuple[LoRA, ...], tuple[LoRASpec, ...]]:
    """Return LoRAs with files for display names, and what is known about them.

    With the server's model browser off, nothing is known of files that are neither official nor
    specified by a person. Raises ModelUnavailable for a LoRA that the server does not have,
    RequestRejected for one that fits neither the model nor a refiner of it.
    """
    if not loras:
        return (), ()
    async with open_client(model.server) as client:
        info = await client.echo(PATIENCE_SECONDS)
        catalog = await client.catalog(info)
        await catalogs.learn(model.server, info, catalog)
        told = specifications.catalog(loras)
        catalog = lookup.beside(told, catalog)
        await demand_files(client, *told.loras)
        address = client.endpoint.address
        specs = [_lora(address, catalog, model, lora.file) for lora in loras]
        untold = [lora.file for lora, spec in zip(loras, specs, strict=True) if spec is None]
        for found in await client.files_exist(list(dict.fromkeys(untold))) if untold else ():
            if not found.exists:
                raise ModelUnavailable(
                    f"The server at {address} has no file {found.name}.",
                    alike(found.name, catalog.loras)
                    or "Enter the name of a LoRA file that is on the server.",
                )
    files = (
        replace(lora, file=spec.file) if spec else lora
        for lora, spec in zip(loras, specs, strict=True)
    )
    return tuple(files), tuple(spec for spec in specs if spec)


def _lora(address: str, catalog: Catalog, model: Model, name: str) -> LoRASpec | None:
    """Return what is known of a LoRA, None for a name that nobody knows."""
    fitting = [spec for spec in catalog.loras if _fits(model.version, spec.version)]
    # Of two LoRAs of one display name, the one for this model is meant.
    spec = find(fitting, name) or find(catalog.loras, name)
    if spec is None:
        others = official.catalog().loras
        fits = find([one for one in others if _fits(model.version, one.version)], name)
        other = fits or find(others, name)
        if other is not None:
            raise lookup.absent(address, "LoRA", other)
        if not catalog.complete:
            return None
    if spec is None and name in catalog.files:
        raise ModelUnavailable(
            f"The server at {address} has the file {name} but no specification of it, and would"
            " leave it out.",
            "Give the LoRA's specification, too, or import the LoRA in the Draw Things app that"
            " runs the server.",
        )
    if spec is None:
        raise ModelUnavailable(
            f"The server at {address} has no LoRA {name}.",
            alike(name, fitting or catalog.loras) or "Choose a LoRA that it has.",
        )
    if not _fits(model.version, spec.version):
        names = ", ".join(other.file for other in fitting[:3])
        raise RequestRejected(
            f"The LoRA {spec.file} is for {spec.version}, the model for {model.version}: a server"
            " ignores it.",
            f"Choose one for {model.version}, such as {names}." if names else "Remove it.",
        )
    return spec


def _fits(version: str, lora_version: str) -> bool:
    """Whether the LoRA can take effect, be it on a refiner that is chosen in Generate."""
    return takes_lora(version, lora_version) or takes_refiner(version, lora_version)
