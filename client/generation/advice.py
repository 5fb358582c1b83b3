"""What a person would set for a model who knows it: the app's list, else the version's habits."""

from __future__ import annotations

from typing import Any

from ...facts import versions
from ...facts.app_settings import Recommended, recommended
from ...facts.model_version import ModelVersion
from ...facts.samplers import Sampler
from ...facts.sizes import BLOCK_PX, USUAL_SIZE_PX
from ..catalog.records import ModelSpec
from ..configuration.fields import GenerationConfig

_FLOATS = frozenset(
    {"guidance_scale", "shift", "guidance_embed", "refiner_start", "shift_for_audio", "mask_blur"}
)
# Fields that a row says where they are not to be what people start with.
_AS_SAID = (
    *("shift_for_audio", "zero_negative_prompt", "expand_prompt_to_json"),
    *("mask_blur", "clip_skip"),
)


def advise(
    file: str, version: str, spec: ModelSpec | None = None, row: Recommended | None = None
) -> dict[str, Any]:
    """Return fields of GenerationConfig by name for a model; sizes are pixels.

    Width, height, steps, guidance_scale, sampler, shift and resolution_dependent_shift are always
    there, the others where they matter. `spec` is the server's specification of the model, `row`
    what the app recommends where it is not what the app has for the file.
    """
    known, row = versions.find(version), row or recommended(file, version)
    width, height = _size(known, row, spec)
    values: dict[str, Any] = {
        "start_width": width,
        "start_height": height,
        "steps": row.steps if row else GenerationConfig.steps,
        "guidance_scale": _guidance(row, spec),
        "sampler": _sampler(known, row),
        "shift": row.shift if row and row.shift is not None else GenerationConfig.shift,
        "resolution_dependent_shift": row is None or row.resolution_dependent_shift is not False,
    }
    if known is not None and known.is_video:
        frames = row.num_frames if row else None
        values["num_frames"] = frames or known.usual_frames
    if known is not None and known.guidance_embed:
        embed = row.guidance_embed if row else None
        values["guidance_embed"] = values["guidance_scale"] if embed is None else embed
        speed_up = row.speed_up_with_guidance_embed if row else None
        values["speed_up_with_guidance_embed"] = True if speed_up is None else speed_up
    if row is not None and row.refiner_start is not None:
        values["refiner_start"] = row.refiner_start
        if spec is not None and spec.default_refiner:
            values["refiner_model"] = spec.default_refiner
    if row is not None and row.hires_fix:
        values.update(_first_pass(width, height, spec))
    if row is not None:
        values.update(_said(row))
    return {name: float(value) if name in _FLOATS else value for name, value in values.items()}


def explain(file: str, version: str, values: dict[str, Any]) -> str:
    """Return what `advise` gave in words, line by line."""
    known, row = versions.find(version), recommended(file, version)
    name = known.name if known else version
    if row is None:
        origin = f"Nothing is recommended for {file} ({name}); these are usual values."
    elif any(file.startswith(prefix) for prefix in row.files):
        origin = f"The app's settings for {file} ({name})."
    else:
        origin = f"The app's settings for {row.files[0]}, which is also of the version {name}."
    lines = [
        origin,
        f"Size: {values['start_width']} x {values['start_height']} pixels",
        f"Steps: {values['steps']}",
        f"Guidance: {values['guidance_scale']:g}",
        f"Sampler: {values['sampler'].label}",
    ]
    by_size = values["resolution_dependent_shift"] and (
        known is None or known.resolution_dependent_shift
    )
    lines.append(f"Shift: {'from the size' if by_size else format(values['shift'], 'g')}")
    if "num_frames" in values:
        lines.append(f"Frames: {values['num_frames']}")
    if "guidance_embed" in values:
        lines.append(f"Guidance embed: {values['guidance_embed']:g}")
        if not values["speed_up_with_guidance_embed"]:
            lines.append("Speed up with guidance embed: off")
    if "refiner_start" in values:
        refiner = values.get(
            "refiner_model", "one of the model's kind, which the node Refiner adds"
        )
        lines.append(f"Refiner: {refiner}, from {values['refiner_start']:g} on")
    if values.get("hires_fix"):
        first = f"{values['hires_fix_start_width']} x {values['hires_fix_start_height']}"
        lines.append(f"High-resolution fix: first pass of {first} pixels")
    if "shift_for_audio" in values:
        lines.append(f"Shift of the sound: {values['shift_for_audio']:g}")
    if values.get("tiled_decoding"):
        tile = f"{values['decoding_tile_width']} x {values['decoding_tile_height']}"
        lines.append(f"Decoding: in tiles of {tile} pixels")
    if values.get("zero_negative_prompt"):
        lines.append("Zeros instead of the negative prompt's encoding")
    if "clip_skip" in values:
        lines.append(f"CLIP skip: {values['clip_skip']}")
    if "mask_blur" in values:
        lines.append(f"Mask blur: {values['mask_blur']:g}")
    return "\n".join(lines)


def _size(
    known: ModelVersion | None, row: Recommended | None, spec: ModelSpec | None
) -> tuple[int, int]:
    if row is not None and row.width and row.height:
        return row.width, row.height
    side = (spec and spec.default_size_px) or (known and known.default_size_px) or USUAL_SIZE_PX
    return side, side


def _guidance(row: Recommended | None, spec: ModelSpec | None) -> float:
    if row is not None and row.guidance_scale is not None:
        return row.guidance_scale
    if spec is not None and spec.is_consistency_model:
        return 1.0
    return GenerationConfig.guidance_scale


def _sampler(known: ModelVersion | None, row: Recommended | None) -> Sampler:
    if row is not None and row.sampler is not None:
        return row.sampler
    return Sampler.UNIPC_TRAILING if known and known.flow else Sampler.DPMPP_2M_AYS


def _first_pass(width: int, height: int, spec: ModelSpec | None) -> dict[str, Any]:
    """Return a first pass of the same form, as small as the specification says, else half."""
    share = 0.5
    if spec is not None and 0 < spec.hires_fix_size_px < spec.default_size_px:
        share = spec.hires_fix_size_px / spec.default_size_px
    return {
        "hires_fix": True,
        "hires_fix_start_width": _blocks(width * share),
        "hires_fix_start_height": _blocks(height * share),
    }


def _said(row: Recommended) -> dict[str, Any]:
    """Return what else the row asks for."""
    said = {name: getattr(row, name) for name in _AS_SAID if getattr(row, name) is not None}
    if row.tiled_decoding:
        width, height, overlap = row.tiled_decoding
        said["tiled_decoding"] = True
        said["decoding_tile_width"], said["decoding_tile_height"] = width, height
        said["decoding_tile_overlap"] = overlap
    return said


def _blocks(pixels: float) -> int:
    return max(int(pixels // BLOCK_PX), 2) * BLOCK_PX
