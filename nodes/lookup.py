"""What Connect and Load Model ask of a server."""

from __future__ import annotations

from ..client.catalog import Catalog, ModelSpec, ServerInfo, nearest
from ..client.client import DrawThingsClient
from ..errors import ModelUnavailable, RequestRejected
from .sockets import Model, Server

# A server that was started to answer in turn does so after the generations of others.
PATIENCE_SECONDS = 600


async def greet(server: Server) -> None:
    """Check that the server answers, and that it takes the secret."""
    async with DrawThingsClient(server.endpoint()) as client:
        await client.echo(PATIENCE_SECONDS)


async def find_model(server: Server, name: str, version: str) -> Model:
    """Return the model of that file name or display name; `version` is "" to ask the server.

    Raises ModelUnavailable where the server has no such file, or where nobody knows what it is.
    """
    async with DrawThingsClient(server.endpoint()) as client:
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
            raise browser_off(client.endpoint.address, name)
        return Model(server, name, version)
    spec = _specification(info.catalog, name)
    if spec is None:
        raise unknown(client.endpoint.address, info, name)
    if version and version != spec.version:
        raise RequestRejected(
            f"The model {spec.file} is of version {spec.version}, not {version}.",
            "Set the version in Load Model to automatic.",
        )
    return Model(server, spec.file, spec.version, spec.raw)


def _specification(catalog: Catalog, name: str) -> ModelSpec | None:
    wanted = name.casefold()
    return catalog.model(name) or next(
        (spec for spec in catalog.models if wanted in (spec.name.casefold(), spec.file.casefold())),
        None,
    )


def browser_off(address: str, name: str) -> ModelUnavailable:
    """Return the error for a file that is there, of which only the server knows what it is."""
    return ModelUnavailable(
        f"The server at {address} does not tell what {name} is: its model browser is off.",
        "Turn on Enable Model Browsing under API Server in Draw Things (gRPCServerCLI:"
        " --model-browser), or choose the version in Load Model.",
    )


def unknown(address: str, info: ServerInfo, name: str) -> ModelUnavailable:
    """Return the error for a model that the server does not have, or cannot use."""
    if name in info.files:
        return ModelUnavailable(
            f"The server at {address} has the file {name} but no specification of it, and would"
            " take it for Stable Diffusion 1.",
            "Import the model in the Draw Things app that runs the server, or choose another.",
        )
    models = info.catalog.models if info.catalog else ()
    alike = nearest(name, [label for spec in models for label in (spec.file, spec.name)])
    advice = f"Did you mean {' or '.join(alike)}?" if alike else "Choose a model that it has."
    if not models:
        advice = "Download a model there first."
    return ModelUnavailable(f"The server at {address} has no model {name}.", advice)
