"""What is changed or left out of a configuration before it is sent, and what a server passes over.

Each has a sentence for a person. Nothing here is refused: a server makes a picture of it, and so
does the app (docs/protocol.md 4.8, 5.4).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from ...errors import ModelUnavailable
from ...facts import versions
from ...facts.versions import takes_lora, takes_refiner
from .. import safe_text
from ..catalog import lookup
from ..catalog.lookup import Part
from ..catalog.names import alike
from ..catalog.records import Catalog, ControlSpec, LoRASpec, ModelSpec, UpscalerSpec
from ..configuration.fields import GenerationConfig
from ..configuration.ranges import called, ranges, read_ranges

S = TypeVar("S", ModelSpec, LoRASpec, ControlSpec, UpscalerSpec)
Adjusted = tuple[GenerationConfig, list[str]]


def in_blocks(config: GenerationConfig) -> Adjusted:
    """Return the configuration with sizes that the wire can carry: down to whole blocks."""
    changes: dict[str, Any] = {}
    notes: list[str] = []
    read = {name for name, _, _ in read_ranges(config)}
    for name, allowed in ranges(GenerationConfig).items():
        given = getattr(config, name)
        if not allowed.step or not given % allowed.step:
            continue
        taken = int(given // allowed.step * allowed.step)
        if not allowed.bears(taken):
            continue  # refused by its own name
        changes[name] = taken
        if name in read:
            notes.append(f"The {called(name)} {given:g} became {taken}, a multiple of 64.")
    return replace(config, **changes), notes


def lack(
    part: Part[S],
    name: str,
    catalog: Catalog,
    address: str,
    absent: Collection[str],
    fits: Callable[[S], bool] = lambda _: True,
) -> str:
    """Return a sentence about a file that the server does not have, or cannot use, "" for another.

    It passes such a file over (docs/protocol.md 4.5, 5.4). `absent` are files that it has said it
    has not.
    """
    try:
        spec = lookup.find_file(part, name, catalog, address, fits)
    except ModelUnavailable as error:
        return f"{error.problem} The picture is made without. {error.remedy}"
    file = spec.file if spec else name
    if file not in absent:
        return ""
    remedy = "Bring it there with Upload." if spec else alike(file, part.listed(catalog))
    problem = f"The server at {address} has no {part.word} {safe_text.one_line(file)}."
    return f"{problem} The picture is made without. {remedy or part.choice}"


def with_refiner(
    config: GenerationConfig,
    version: str,
    catalog: Catalog,
    address: str,
    absent: Collection[str] = (),
) -> Adjusted:
    """Return the configuration without a refiner that the server would not use.

    `catalog` is what is known of the server at `address`, `version` the model's; `absent` are files
    that it has said it has not.
    """
    name = config.refiner_model
    if not name:
        return config, []
    note = lack(lookup.REFINER, name, catalog, address, absent)
    if note:
        return replace(config, refiner_model=""), [note]
    spec = lookup.find_file(lookup.REFINER, name, catalog, address)
    file = spec.file if spec else name
    if file == config.model:
        note = f"The refiner {file} is the model itself, and is left out."
    elif spec is not None and not takes_refiner(version, spec.version):
        note = f"The refiner {file} is for {spec.version}, the model for {version}: it is left out."
    else:
        return config, []
    return replace(config, refiner_model=""), [note]


def without_absent(
    config: GenerationConfig, version: str, catalog: Catalog, address: str, absent: Collection[str]
) -> Adjusted:
    """Return the configuration without LoRAs, controls and an upscaler that the server does not
    have, or cannot use.

    `catalog` is what is known of the server at `address`, `version` the model's; `absent` are files
    that it has said it has not.
    """
    notes: list[str] = []

    def has(part: Part[S], name: str, fits: Callable[[S], bool] = lambda _: True) -> bool:
        note = lack(part, name, catalog, address, absent, fits) if name else ""
        notes.extend([note] if note else [])
        return not note

    kept = replace(
        config,
        loras=tuple(
            one
            for one in config.loras
            if has(lookup.LORA, one.file, lambda spec: lookup.suits(version, spec))
        ),
        controls=tuple(one for one in config.controls if has(lookup.CONTROL, one.file)),
        upscaler=config.upscaler if has(lookup.UPSCALER, config.upscaler) else "",
    )
    return kept, notes


def with_effect(config: GenerationConfig, version: str, catalog: Catalog) -> Adjusted:
    """Return the configuration without what a server would pass over.

    `catalog` is what is known of the server, `version` the model's.
    """
    notes: list[str] = []
    first = (config.hires_fix_start_width, config.hires_fix_start_height)
    full = (config.start_width, config.start_height)
    if config.hires_fix and not all(
        0 < one < whole for one, whole in zip(first, full, strict=True)
    ):
        notes.append(
            f"The high-resolution fix is left out: its first pass, {first[0]} x {first[1]}, is not"
            f" smaller than the picture, {full[0]} x {full[1]}."
        )
        config = replace(config, hires_fix=False)
    refiner = catalog.model(config.refiner_model) if config.refiner_model else None
    usable = [version, *([refiner.version] if refiner else [])]
    kept = []
    for lora in config.loras:
        spec = catalog.lora(lora.file)
        if spec is not None and not any(takes_lora(one, spec.version) for one in usable):
            notes.append(
                f"The LoRA {lora.file} is for {spec.version}, the model for {version}: it is left"
                " out."
            )
        else:
            kept.append(lora)
    return replace(config, loras=tuple(kept)), notes


def remarks(
    config: GenerationConfig, version: str, catalog: Catalog, *, has_image: bool
) -> Iterator[str]:
    """Yield sentences about what is sent as it is and comes out otherwise, or not at all.

    `catalog` is what is known of the server, `version` the model's.
    """
    known = versions.find(version)
    if known is not None and config.sampler not in known.samplers:
        yield (
            f"The sampler {config.sampler.label} is not made for {known.name}: choose one whose"
            " name ends in Trailing or AYS."
        )
    if (
        known is not None
        and known.is_video
        and known.frames(config.num_frames) != config.num_frames
    ):
        come = known.frames(config.num_frames)
        yield f"Of {config.num_frames} frames {come} come: {known.name} makes them in whole groups."
    for name, allowed, value in read_ranges(config):
        if not allowed.offers(value):
            yield f"The {called(name)} {value:g} is beyond what the app offers, {allowed}."
    for control in config.controls:
        if control.guidance_start > control.guidance_end:
            yield (
                f"The control {control.file} has no effect: it starts at"
                f" {control.guidance_start:g}, after its end at {control.guidance_end:g}."
            )
    for kind in ("decoding", "diffusion"):
        width, height, overlap = (
            getattr(config, f"{kind}_tile_{side}") for side in ("width", "height", "overlap")
        )
        if getattr(config, f"tiled_{kind}") and overlap >= min(width, height):
            yield (
                f"The {kind}_tile_overlap {overlap} is not smaller than a tile of {width} x"
                f" {height}: a server takes less."
            )
    if config.color_calibration and not has_image:
        yield "The color_calibration has no effect without an image."
    if config.face_restoration and catalog.files and config.face_restoration not in catalog.files:
        yield f"The server has no face restorer {config.face_restoration}: no face is restored."
