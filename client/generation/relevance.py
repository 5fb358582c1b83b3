"""Which fields matter for which model versions (docs/configuration.md 1, "versions").

Only fields that a server certainly does not read are listed; what depends on more than the version
(a switch, an image, a control) is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from ...facts.samplers import Sampler
from ...facts.versions import FAMILIES, ModelFamily, takes_refiner
from ..configuration.fields import GenerationConfig

_DEFAULTS = GenerationConfig()
_TCD = frozenset({Sampler.TCD, Sampler.TCD_TRAILING})


def _where(test: Callable[[ModelFamily], bool]) -> frozenset[str]:
    return frozenset(version for version, known in FAMILIES.items() if test(known))


_SDXL = frozenset({"sdxl_base_v0.9", "ssd_1b"})
_SDXL_REFINER = frozenset({"sdxl_refiner_v0.9"})
_KANDINSKY = frozenset({"kandinsky2.1"})
_STAGE_C = frozenset({"wurstchen_v3.0_stage_c"})
_SVD = frozenset({"svd_i2v"})
_WAN = _where(lambda known: known.version.startswith("wan_"))
_FLOW = _where(lambda known: known.flow)
_SD3 = frozenset({"sd3", "sd3_large"})

_VIDEO = _where(lambda known: known.is_video)
_NOT_STAGE_C = _where(lambda known: True) - _STAGE_C
_CLIP = _where(lambda known: known.clip_skip)

# Too many to name them one by one.
_GROUPS: Mapping[frozenset[str], str] = {
    _FLOW: "flow models (Stable Diffusion 3, FLUX, Qwen Image, Wan, ...)",
    _VIDEO: "video models",
    _WAN: "Wan",
    _NOT_STAGE_C: "all but Stable Cascade",
    _CLIP: "models with CLIP (Stable Diffusion, SDXL, FLUX.1, Hunyuan Video, HiDream I1, ...)",
}

_TABLE: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (_CLIP, ("clip_skip",)),
    (_KANDINSKY, ("clip_weight", "negative_prompt_for_image_prior", "image_prior_steps")),
    (
        _SDXL | _SDXL_REFINER,
        (
            *("original_image_width", "original_image_height"),
            *("negative_original_image_width", "negative_original_image_height"),
        ),
    ),
    (_SDXL, ("crop_top", "crop_left", "target_image_width", "target_image_height")),
    (_SDXL_REFINER, ("aesthetic_score", "negative_aesthetic_score")),
    (_SVD, ("fps_id", "motion_bucket_id", "cond_aug", "start_frame_cfg")),
    (_VIDEO, ("num_frames",)),
    (_STAGE_C, ("stage_2_steps", "stage_2_cfg", "stage_2_shift")),
    (
        _NOT_STAGE_C,
        ("hires_fix", "hires_fix_start_width", "hires_fix_start_height", "hires_fix_strength"),
    ),
    (_SD3, ("t5_text_encoder",)),
    (_where(lambda known: known.separate_clip_l), ("separate_clip_l", "clip_l_text")),
    (
        _where(lambda known: known.separate_open_clip_g),
        ("separate_open_clip_g", "open_clip_g_text"),
    ),
    (_where(lambda known: known.separate_t5), ("separate_t5", "t5_text")),
    (
        _where(lambda known: known.guidance_embed),
        ("speed_up_with_guidance_embed", "guidance_embed"),
    ),
    (_where(lambda known: known.resolution_dependent_shift), ("resolution_dependent_shift",)),
    # beyond three versions the specification's coefficients decide, which only transformers have
    (
        _FLOW,
        (
            *("tea_cache", "tea_cache_start", "tea_cache_end", "tea_cache_threshold"),
            "tea_cache_max_skip_steps",
        ),
    ),
    (_WAN, ("causal_inference_enabled", "causal_inference", "causal_inference_pad")),
    (_FLOW, ("cfg_zero_star", "cfg_zero_init_steps")),
)

MATTERS_FOR: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: versions for versions, names in _TABLE for name in names}
)


def relevant(config: GenerationConfig, version: str) -> tuple[GenerationConfig, tuple[str, ...]]:
    """Return the configuration without what the version does not read, and which fields those were.

    They get their defaults back; the names are of those that had another value. For an unknown
    version nothing changes.
    """
    if version not in FAMILIES:
        return config, ()
    versions = {version}
    if config.refiner_model:  # it may be of any version that fits, and reads its own fields
        versions.update(other for other in FAMILIES if takes_refiner(version, other))
    dropped = [
        name
        for name, where in MATTERS_FOR.items()
        if not versions & where and getattr(config, name) != getattr(_DEFAULTS, name)
    ]
    gamma = "stochastic_sampling_gamma"
    if config.sampler not in _TCD and getattr(config, gamma) != getattr(_DEFAULTS, gamma):
        dropped.append(gamma)
    defaults: dict[str, Any] = {name: getattr(_DEFAULTS, name) for name in dropped}
    return replace(config, **defaults), tuple(dropped)


def reads(version: str, name: str) -> bool:
    """Return whether models of that version read a field; those of an unknown one may."""
    return version not in FAMILIES or version in MATTERS_FOR.get(name, FAMILIES)


def readers(name: str) -> str:
    """Return for a person which versions read a field, such as "SDXL, SSD-1B"; "" for all."""
    versions = MATTERS_FOR.get(name)
    if versions is None:
        return ""
    if versions in _GROUPS:
        return _GROUPS[versions]
    return ", ".join(known.name for known in FAMILIES.values() if known.version in versions)
