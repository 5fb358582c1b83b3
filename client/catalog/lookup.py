"""Which of a server's files a request uses: found by the names that people give, and repeated in
its override.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from ...errors import ModelUnavailable, RequestRejected
from ...facts.versions import takes_lora, takes_refiner
from .. import safe_text
from . import embeddings, official
from .names import alike, find
from .records import Catalog, ControlSpec, FileServer, LoRASpec, ModelSpec, UpscalerSpec

if TYPE_CHECKING:
    from ..configuration.fields import GenerationConfig

S = TypeVar("S", ModelSpec, LoRASpec, ControlSpec, UpscalerSpec)


@dataclass(frozen=True)
class ModelFile:
    """A model that the server has; `version` is "" and `spec` None where nobody knows more."""

    file: str
    version: str
    spec: ModelSpec | None = None

    @classmethod
    def of(cls, spec: ModelSpec) -> ModelFile:
        """Return the model of a specification."""
        return cls(spec.file, spec.version, spec)


@dataclass(frozen=True)
class Part(Generic[S]):
    """What a request names a file for: people's word for it, and where a catalogue lists it.

    `fallacy` is what a server does with a file that it has no specification of, `choice` what
    a person can do instead.
    """

    word: str
    listed: Callable[[Catalog], Sequence[S]]
    fallacy: str = "leave it out"
    choice: str = "Choose one that it has, or none."


AnyPart: TypeAlias = "Part[ModelSpec] | Part[LoRASpec] | Part[ControlSpec] | Part[UpscalerSpec]"
AnySpec: TypeAlias = ModelSpec | LoRASpec | ControlSpec | UpscalerSpec
_TAKEN = "take it for Stable Diffusion 1"
MODEL: Part[ModelSpec] = Part("model", lambda c: c.models, _TAKEN, "Choose a model that it has.")
REFINER: Part[ModelSpec] = Part("refiner", lambda c: c.models, _TAKEN)
UPSCALER: Part[UpscalerSpec] = Part("upscaler", lambda c: c.upscalers)
LORA: Part[LoRASpec] = Part("LoRA", lambda c: c.loras, choice="Choose a LoRA that it has.")
CONTROL: Part[ControlSpec] = Part(
    "control",
    lambda c: c.controls,
    choice="Choose a control that it has, or give the specification of one from Upload.",
)


def find_file(
    part: Part[S],
    name: str,
    catalog: Catalog,
    address: str,
    fits: Callable[[S], bool] = lambda _: True,
) -> S | None:
    """Return the specification of the file of that name or display name.

    `catalog` is what is known of the server at `address`. Of two files of one display name the
    one that `fits` is meant. None where the server keeps its lists to itself and nobody knows
    more than the name. Raises ModelUnavailable for what the server does not have, or cannot use: it
    would pass it over in silence.
    """
    spec = _find(part.listed(catalog), name, fits)
    if spec is not None:
        return spec
    spec = _find(part.listed(official.catalog()), name, fits)
    if spec is not None:
        raise _incomplete(part, spec, catalog, address)
    if catalog.complete:
        raise unavailable(part, name, catalog, address)
    return None


def find_lora(name: str, version: str, catalog: Catalog, address: str) -> LoRASpec | None:
    """Return what `find_file` does for a LoRA on a model of that version."""
    return find_file(LORA, name, catalog, address, lambda spec: suits(version, spec))


def suits(version: str, lora: LoRASpec) -> bool:
    """Return whether the LoRA can take effect, be it on a refiner of the model."""
    return takes_lora(version, lora.version) or takes_refiner(version, lora.version)


async def find_model(
    client: FileServer, catalog: Catalog, name: str, version: str = ""
) -> ModelFile:
    """Return the model of that file or display name; `version` counts where nobody knows more.

    `catalog` is the client's. Raises ModelUnavailable where the server does not have the model, or
    a file that it needs, RequestRejected where it is of another version.
    """
    spec = find_file(MODEL, name, catalog, client.endpoint.address)
    if spec is None:
        await demand_names(client, catalog, [(MODEL, name)])
        return ModelFile(name, version)
    if version not in ("", spec.version):
        raise RequestRejected(
            f"The model {spec.file} is of version {spec.version}, not"
            f" {safe_text.one_line(version)}.",
            "Leave the version to the server, or choose another model.",
        )
    return ModelFile.of(spec)


async def demand_names(
    client: FileServer,
    catalog: Catalog,
    names: Iterable[tuple[AnyPart, str]],
) -> None:
    """Raise ModelUnavailable unless the server has the files, of which nobody knows more."""
    wanted = {name: part for part, name in names}
    found = await client.files_exist(list(wanted)) if wanted else ()
    for file in found:
        if not file.exists:
            part = wanted[file.name]
            raise ModelUnavailable(
                f"The server at {client.endpoint.address} has no file {file.name}.",
                alike(file.name, part.listed(catalog))
                or f"Enter the name of a {part.word} file that is on the server.",
            )


def unavailable(part: Part[S], name: str, catalog: Catalog, address: str) -> ModelUnavailable:
    """Return the error for a file that the server does not have, or has no specification of."""
    shown = safe_text.one_line(name)
    if name in catalog.files:
        return ModelUnavailable(
            f"The server at {address} has the file {shown} but no specification of it, and would"
            f" {part.fallacy}.",
            f"Give the {part.word}'s specification, too, or import the {part.word} in the Draw"
            " Things app that runs the server.",
        )
    listed = part.listed(catalog)
    if part is MODEL and not listed:
        remedy = "Download a model there first."
    else:
        remedy = alike(name, listed) or part.choice
    return ModelUnavailable(f"The server at {address} has no {part.word} {shown}.", remedy)


def _find(records: Sequence[S], name: str, fits: Callable[[S], bool]) -> S | None:
    return find([spec for spec in records if fits(spec)], name) or find(records, name)


def _incomplete(part: Part[S], spec: S, catalog: Catalog, address: str) -> ModelUnavailable:
    """Return the error for an official file that is not there, or not with all that it needs."""
    missing = [file for file in official.needed(spec) if file not in catalog.files]
    download = f"Download {spec.name} in the Draw Things app there"
    if spec.file in missing or not missing:
        return ModelUnavailable(
            f"The server at {address} has no {part.word} {spec.file}.",
            f"{download}, or choose another {part.word}.",
        )
    return ModelUnavailable(
        f"The server at {address} lacks {', '.join(missing)}, which {spec.name} needs.",
        f"{download}, or bring the files with Upload.",
    )


def with_files(
    config: GenerationConfig, version: str, catalog: Catalog, address: str
) -> GenerationConfig:
    """Return the configuration with files for the display names of all but the model.

    `version` is the model's. Raises what `find_file` raises; a name that nobody knows is left as it
    is.
    """

    def file(part: Part[S], name: str) -> str:
        spec = find_file(part, name, catalog, address) if name else None
        return spec.file if spec else name

    def lora_file(name: str) -> str:
        spec = find_lora(name, version, catalog, address) if name else None
        return spec.file if spec else name

    return replace(
        config,
        loras=tuple(replace(lora, file=lora_file(lora.file)) for lora in config.loras),
        controls=tuple(replace(one, file=file(CONTROL, one.file)) for one in config.controls),
        refiner_model=file(REFINER, config.refiner_model),
        upscaler=file(UPSCALER, config.upscaler),
    )


def find_exactly(part: AnyPart, name: str, catalog: Catalog, address: str) -> AnySpec | None:
    """Return what `find_file` does, for the file of that very name.

    Raises ModelUnavailable also where the server has only another one of that display name.
    """

    def find(part: Part[S]) -> S | None:
        spec = find_file(part, name, catalog, address, lambda one: one.file == name)
        if spec is not None and spec.file != name:
            raise unavailable(part, name, catalog, address)
        return spec

    return find(part)  # pyright: ignore


def named(config: GenerationConfig) -> list[tuple[AnyPart, str]]:
    """Return the files that a configuration names."""
    parts: list[tuple[AnyPart, str]] = [
        (MODEL, config.model),
        *((LORA, lora.file) for lora in config.loras),
        *((CONTROL, one.file) for one in config.controls),
        (REFINER, config.refiner_model),
        (UPSCALER, config.upscaler),
    ]
    return [(part, name) for part, name in parts if name]


def unlisted(config: GenerationConfig, catalog: Catalog) -> list[tuple[AnyPart, str]]:
    """Return the files besides the model that a configuration names and nobody knows more of."""
    parts: list[tuple[AnyPart, str, object]] = [
        *((LORA, lora.file, catalog.lora(lora.file)) for lora in config.loras),
        *((CONTROL, one.file, catalog.control(one.file)) for one in config.controls),
        (REFINER, config.refiner_model, catalog.model(config.refiner_model)),
        (UPSCALER, config.upscaler, catalog.upscaler(config.upscaler)),
    ]
    return [(part, name) for part, name, spec in parts if name and spec is None]


def beside(given: Catalog, catalog: Catalog) -> Catalog:
    """Return the catalogue with the files that a person specifies, who overrules it."""
    return replace(
        catalog,
        models=_overruled(catalog.models, given.models),
        loras=_overruled(catalog.loras, given.loras),
        controls=_overruled(catalog.controls, given.controls),
    )


def used(config: GenerationConfig, catalog: Catalog, version: str, *prompts: str) -> Catalog:
    """Return the specifications of exactly the files that a request uses (docs/protocol.md 1.5).

    `catalog` is all that is known of the server, `version` the model's.
    """
    chosen = _present(map(catalog.model, (config.model, config.refiner_model)))
    stages = [stage for model in chosen for stage in model.stage_models]
    names = (config.model, config.refiner_model, *stages)
    return Catalog(
        models=_present(map(catalog.model, names)),
        loras=_present(catalog.lora(lora.file) for lora in config.loras),
        controls=_present(catalog.control(control.file) for control in config.controls),
        upscalers=_present([catalog.upscaler(config.upscaler)]),
        textual_inversions=tuple(embeddings.used(catalog, version, *prompts)),
    )


def modifier(config: GenerationConfig, catalog: Catalog) -> str:
    """Return the effective modifier: the model's, else the first LoRA's that has one, else "none"
    (docs/protocol.md 4.6).
    """
    specs = (catalog.model(config.model), *(catalog.lora(lora.file) for lora in config.loras))
    return next((spec.modifier for spec in specs if spec and spec.modifier != "none"), "none")


def _present(specs: Iterable[S | None]) -> tuple[S, ...]:
    kept = {spec.file: spec for spec in specs if spec is not None}
    return tuple(kept.values())


def _overruled(records: Iterable[S], given: Iterable[S]) -> tuple[S, ...]:
    said = _present(given)
    files = {spec.file for spec in said}
    # Behind the others, whose display names they do not take.
    return (*(spec for spec in records if spec.file not in files), *said)


def untold(address: str, file: str, otherwise: str) -> ModelUnavailable:
    """Return the error for a file that neither its server nor the official list describes."""
    return ModelUnavailable(
        f"Nobody tells what {file} is: it is no official file, and the model browser of the server"
        f" at {address} is off.",
        "Turn on Enable Model Browsing under API Server in Draw Things (gRPCServerCLI:"
        f" --model-browser), or {otherwise}.",
    )


def browser_off(address: str, silence: str, otherwise: str) -> ModelUnavailable:
    """Return the error for a server that keeps its lists to itself, and so does not `silence`."""
    return ModelUnavailable(
        f"The server at {address} does not {silence}: its model browser is off.",
        "Turn on Enable Model Browsing under API Server in Draw Things (gRPCServerCLI:"
        f" --model-browser), or {otherwise}.",
    )
