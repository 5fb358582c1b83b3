"""Whether a server has all that a request names, and the request as that server is to get it."""

from __future__ import annotations

from dataclasses import replace

from ...errors import ModelUnavailable, RequestRejected
from ..catalog import lookup
from ..catalog.records import Catalog, ControlSpec, FileServer, LoRASpec, ModelSpec
from ..catalog.specification import demand_files
from ..generation.request import GenerationRequest


async def fit(
    client: FileServer, catalog: Catalog, request: GenerationRequest, specified: Catalog
) -> Catalog:
    """Return what is known of the files of a server with that catalogue, for `fitted`.

    They are described as the server does, or as the request does where the server has them and does
    not know them. `specified` is what a person says of files, who overrules it. Raises
    ModelUnavailable where a file of the request is missing, RequestRejected where one is something
    else.
    """
    config, told, address = request.config, request.override, client.endpoint.address
    unknown: list[tuple[lookup.AnyPart, str]] = []
    borrowed: list[ModelSpec | LoRASpec | ControlSpec] = []
    for part, name in lookup.named(config):
        given = next((one for one in part.listed(told) if one.file == name), None)
        known = isinstance(given, ModelSpec | LoRASpec | ControlSpec)
        if known and given in (*specified.models, *specified.loras, *specified.controls):
            borrowed.append(given)
            continue
        try:
            spec = lookup.find_exactly(part, name, catalog, address)
        except ModelUnavailable as error:
            if not known:
                raise
            try:
                await demand_files(client, given)
            except ModelUnavailable:
                raise error from None
            borrowed.append(given)
            continue
        if spec is None:
            unknown.append((part, name))
        elif part is lookup.MODEL and isinstance(spec, ModelSpec):
            _demand_version(spec, request.version, address)
    await demand_files(client, *borrowed)
    await lookup.demand_names(client, catalog, unknown)
    beside = Catalog(
        models=tuple(one for one in borrowed if isinstance(one, ModelSpec)),
        loras=tuple(one for one in borrowed if isinstance(one, LoRASpec)),
        controls=tuple(one for one in borrowed if isinstance(one, ControlSpec)),
    )
    return lookup.beside(beside, catalog)


def _demand_version(spec: ModelSpec, version: str, address: str) -> None:
    if version not in ("", spec.version):
        raise RequestRejected(
            f"The model {spec.file} of the server at {address} is of version {spec.version}, not"
            f" {version}.",
            "Choose another model, or leave that server out.",
        )


def _demand_embeddings(told: Catalog, has: Catalog, address: str) -> None:
    files = {one.file for one in has.textual_inversions}
    for one in told.textual_inversions:
        if one.file not in files:
            raise ModelUnavailable(
                f"The server at {address} has no embedding {one.file}, which the prompt calls for.",
                "Import it in the Draw Things app there, or leave that server out.",
            )


def fitted(request: GenerationRequest, known: Catalog, address: str) -> GenerationRequest:
    """Return the request as a server gets it, of which `fit` has returned what is `known`.

    The configuration is the same everywhere, so that a seed gives the same request; what the server
    is told of its files is its own. Raises ModelUnavailable where it lacks an embedding.
    """
    prompts = request.prompt, request.negative_prompt
    override = lookup.used(request.config, known, request.version, *prompts)
    _demand_embeddings(request.override, override, address)
    return replace(request, override=override)
