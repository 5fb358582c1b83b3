"""Which fields matter for which model versions (docs/configuration.md 1, "versions").

Only fields that a server certainly does not read are listed; what depends on more than the version
(a switch, an image, a control) is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from ...facts import versions
from ...facts.model_version import ModelVersion
from ...facts.samplers import TCD
from ...facts.versions import VERSIONS, takes_refiner
from ..configuration.fields import GenerationConfig

_DEFAULTS = GenerationConfig()


class Readers(NamedTuple):
    """The versions that read a field, as a person calls them, such as "SDXL, SSD-1B".

    If `excepted`, `names` are the only ones that do not read it.
    """

    names: str
    excepted: bool = False


class _Row(NamedTuple):
    """The versions that read some fields; `words` where they are too many to name one by one."""

    reads: Callable[[ModelVersion], bool]
    fields: tuple[str, ...]
    words: str = ""
    excepted: bool = False


_FLOW = "flow models (Stable Diffusion 3, FLUX, Qwen Image, Wan, ...)"

_TABLE = (
    _Row(
        lambda known: known.clip_skip,
        ("clip_skip",),
        "models with CLIP (Stable Diffusion, SDXL, FLUX.1, Hunyuan Video, HiDream I1, ...)",
    ),
    _Row(
        lambda known: known.image_prior,
        ("clip_weight", "negative_prompt_for_image_prior", "image_prior_steps"),
    ),
    _Row(
        lambda known: known.original_size,
        (
            *("original_image_width", "original_image_height"),
            *("negative_original_image_width", "negative_original_image_height"),
        ),
    ),
    _Row(
        lambda known: known.target_size,
        ("crop_top", "crop_left", "target_image_width", "target_image_height"),
    ),
    _Row(lambda known: known.aesthetic_score, ("aesthetic_score", "negative_aesthetic_score")),
    _Row(
        lambda known: known.image_conditioning,
        ("fps_id", "motion_bucket_id", "cond_aug", "start_frame_cfg"),
    ),
    _Row(lambda known: known.is_video, ("num_frames",), "video models"),
    _Row(lambda known: known.two_stages, ("stage_2_steps", "stage_2_cfg", "stage_2_shift")),
    _Row(
        lambda known: not known.two_stages,
        ("hires_fix", "hires_fix_start_width", "hires_fix_start_height", "hires_fix_strength"),
        "Stable Cascade",
        excepted=True,
    ),
    _Row(lambda known: known.t5_switch, ("t5_text_encoder",)),
    _Row(lambda known: known.separate_clip_l, ("separate_clip_l", "clip_l_text")),
    _Row(lambda known: known.separate_open_clip_g, ("separate_open_clip_g", "open_clip_g_text")),
    _Row(lambda known: known.separate_t5, ("separate_t5", "t5_text")),
    _Row(lambda known: known.guidance_embed, ("speed_up_with_guidance_embed", "guidance_embed")),
    _Row(lambda known: known.resolution_dependent_shift, ("resolution_dependent_shift",)),
    # Beyond the versions that have TeaCache built in the specification's coefficients decide,
    # which only transformers have.
    _Row(
        lambda known: known.flow,
        (
            *("tea_cache", "tea_cache_start", "tea_cache_end", "tea_cache_threshold"),
            "tea_cache_max_skip_steps",
        ),
        _FLOW,
    ),
    _Row(
        lambda known: known.causal_inference,
        ("causal_inference_enabled", "causal_inference", "causal_inference_pad"),
        "Wan",
    ),
    _Row(lambda known: known.shift_for_audio, ("shift_for_audio",)),
    _Row(
        lambda known: known.sol_attention,
        ("uses_sol_attention", "sol_attention_start", "sol_attention_tau"),
    ),
    _Row(lambda known: known.flow, ("cfg_zero_star", "cfg_zero_init_steps"), _FLOW),
)

_BY_FIELD: Mapping[str, _Row] = MappingProxyType(
    {name: row for row in _TABLE for name in row.fields}
)


def matters_for() -> dict[str, frozenset[str]]:
    """Return the fields that not every version reads, each with the versions that do."""
    return {
        name: frozenset(row.id for row in VERSIONS.values() if found.reads(row))
        for name, found in _BY_FIELD.items()
    }


def relevant(config: GenerationConfig, version: str) -> tuple[GenerationConfig, tuple[str, ...]]:
    """Return the configuration without what the version does not read, and which fields those were.

    They get their defaults back; the names are of those that had another value. For an unknown
    version nothing changes.
    """
    known = versions.find(version)
    if known is None:
        return config, ()
    rows = [known]
    if config.refiner_model:  # it may be of any version that fits, and reads its own fields
        rows += [row for row in VERSIONS.values() if takes_refiner(version, row.id)]
    dropped = [
        name
        for name, found in _BY_FIELD.items()
        if getattr(config, name) != getattr(_DEFAULTS, name) and not any(map(found.reads, rows))
    ]
    gamma = "stochastic_sampling_gamma"
    if config.sampler not in TCD and getattr(config, gamma) != getattr(_DEFAULTS, gamma):
        dropped.append(gamma)
    defaults: dict[str, Any] = {name: getattr(_DEFAULTS, name) for name in dropped}
    return replace(config, **defaults), tuple(dropped)


def reads(version: str, name: str) -> bool:
    """Return whether models of that version read a field; those of an unknown one may."""
    known, found = versions.find(version), _BY_FIELD.get(name)
    return known is None or found is None or found.reads(known)


def readers(name: str) -> Readers | None:
    """Return which versions read a field, None where all do."""
    found = _BY_FIELD.get(name)
    if found is None:
        return None
    names = ", ".join(row.name for row in VERSIONS.values() if found.reads(row))
    return Readers(found.words or names, found.excepted)
