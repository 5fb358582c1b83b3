"""What Connect, Load Model and LoRA Stack ask of a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..client.catalog import LoRASpec, ServerInfo, alike, find
from ..client.config import LoRA
from ..client.families import takes_lora, takes_refiner
from ..client.selection import browser_off, unknown
from ..client.specification import read_model
from ..errors import ModelUnavailable, RequestRejected
from .connection import open_client
from .sockets import Model, Server

# A server that was started to answer in turn does so after the generations of others.
PATIENCE_SECONDS = 600


async def greet(server: Server) -> None:
    """Check that the server answers, and that it takes the secret."""
    async with open_client(server) as client:
        await client.echo(PATIENCE_SECONDS)


async def find_model(server: Server, name: str, version: str) -> Model:
    """Return the model of that file name or display name; `version` is "" to ask the server.

    Raises ModelUnavailable where the server has no such file, or where nobody knows what it is.
    """
    async with open_client(server) as client:
        info = await client.echo(PATIENCE_SECONDS)
        if info.catalog is None:
            [found] = await client.files_exist([name])
            if not found.exists:
                raise ModelUnavailable(
                    f"The server at {client.endpoint.address} has no file {name}.",
                    "Enter the name of a model file that is on the server.",
                )
    if info.catalog is None:
        if not version:
            silence, otherwise = f"tell what {name} is", "choose the version in Load Model"
            raise browser_off(client.endpoint.address, silence, otherwise)
        return Model(server, name, version)
    spec = find(info.catalog.models, name)
    if spec is None:
        raise unknown(client.endpoint.address, info, name)
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
    files = list(dict.fromkeys([spec.file, *spec.files, *spec.stage_models]))
    async with open_client(server) as client:
        found = await client.files_exist(files)
        address = client.endpoint.address
    missing = [file.name for file in found if not file.exists]
    if missing:
        raise ModelUnavailable(
            f"The server at {address} lacks {', '.join(missing)}, which the specification of"
            f" {spec.name} names.",
            "Bring the files there with Upload, or download them there.",
        )
    return Model(server, spec.file, spec.version, spec.raw)


async def find_loras(
    model: Model, loras: Sequence[LoRA]
) -> tuple[tuple[LoRA, ...], tuple[LoRASpec, ...]]:
    """Return LoRAs with files for display names, and what the model's server knows about them.

    With the server's model browser off, nothing is known of files that it has. Raises
    ModelUnavailable for a LoRA that it does not have, RequestRejected for one that fits neither
    the model nor a refiner of it.
    """
    if not loras:
        return (), ()
    async with open_client(model.server) as client:
        info = await client.echo(PATIENCE_SECONDS)
        address = client.endpoint.address
        if info.catalog is None:
            for found in await client.files_exist(list({lora.file: None for lora in loras})):
                if not found.exists:
                    raise ModelUnavailable(
                        f"The server at {address} has no file {found.name}.",
                        "Enter the name of a LoRA file that is on the server.",
                    )
            return tuple(loras), ()
    specs = tuple(_lora(address, info, model, lora.file) for lora in loras)
    return tuple(
        replace(lora, file=spec.file) for lora, spec in zip(loras, specs, strict=True)
    ), specs


def _lora(address: str, info: ServerInfo, model: Model, name: str) -> LoRASpec:
    known = info.catalog.loras if info.catalog else ()
    fitting = [spec for spec in known if _fits(model.version, spec.version)]
    # Of two LoRAs of one display name, the one for this model is meant.
    spec = find(fitting, name) or find(known, name)
    if spec is None and name in info.files:
        raise ModelUnavailable(
            f"The server at {address} has the file {name} but no specification of it, and would"
            " leave it out.",
            "Import the LoRA in the Draw Things app that runs the server, or choose another.",
        )
    if spec is None:
        raise ModelUnavailable(
            f"The server at {address} has no LoRA {name}.",
            alike(name, fitting or known) or "Choose a LoRA that it has.",
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
