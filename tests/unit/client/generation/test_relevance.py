"""What a version does not read is left out, and what it reads stays."""

from __future__ import annotations

import dataclasses
from enum import IntEnum
from typing import Any

import pytest

from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.generation.relevance import Readers, matters_for, readers, relevant
from drawbridge.facts.samplers import Sampler
from drawbridge.facts.versions import VERSIONS

_DEFAULTS = GenerationConfig()


def other(value: Any) -> Any:
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, IntEnum):
        return type(value)((value + 1) % len(type(value)))
    return f"{value}x" if isinstance(value, str) else value + 1


EVERYTHING = dataclasses.replace(
    _DEFAULTS,
    **{
        field.name: other(getattr(_DEFAULTS, field.name))
        for field in dataclasses.fields(GenerationConfig)
        if field.name not in ("loras", "controls", "refiner_model")
    },
)

# docs/configuration.md 1, row by row, as far as the column names versions
READ_BY = [
    ("clip_skip", {"v1", "v2", "sdxl_base_v0.9", "sdxl_refiner_v0.9", "ssd_1b", "sd3", "sd3_large",
                   "flux1", "hunyuan_video", "hidream_i1", "kandinsky2.1",
                   "wurstchen_v3.0_stage_c", "wurstchen_v3.0_stage_b"}),
    ("clip_weight", {"kandinsky2.1"}),
    ("negative_prompt_for_image_prior", {"kandinsky2.1"}),
    ("image_prior_steps", {"kandinsky2.1"}),
    ("original_image_height", {"sdxl_base_v0.9", "sdxl_refiner_v0.9", "ssd_1b"}),
    ("original_image_width", {"sdxl_base_v0.9", "sdxl_refiner_v0.9", "ssd_1b"}),
    ("negative_original_image_width", {"sdxl_base_v0.9", "sdxl_refiner_v0.9", "ssd_1b"}),
    ("crop_top", {"sdxl_base_v0.9", "ssd_1b"}),
    ("crop_left", {"sdxl_base_v0.9", "ssd_1b"}),
    ("target_image_width", {"sdxl_base_v0.9", "ssd_1b"}),
    ("target_image_height", {"sdxl_base_v0.9", "ssd_1b"}),
    ("aesthetic_score", {"sdxl_refiner_v0.9"}),
    ("negative_aesthetic_score", {"sdxl_refiner_v0.9"}),
    ("fps_id", {"svd_i2v"}),
    ("motion_bucket_id", {"svd_i2v"}),
    ("cond_aug", {"svd_i2v"}),
    ("start_frame_cfg", {"svd_i2v"}),
    ("num_frames", {"svd_i2v", "hunyuan_video", "wan_v2.1_1.3b", "wan_v2.1_14b", "wan_v2.2_5b",
                    "ltx2", "ltx2.3", "minimax_h3", "longcat_video_avatar_v1.5"}),
    ("stage_2_steps", {"wurstchen_v3.0_stage_c"}),
    ("stage_2_cfg", {"wurstchen_v3.0_stage_c"}),
    ("stage_2_shift", {"wurstchen_v3.0_stage_c"}),
    ("t5_text_encoder", {"sd3", "sd3_large"}),
    ("separate_clip_l", {"flux1", "hunyuan_video", "hidream_i1", "sd3", "sd3_large"}),
    ("clip_l_text", {"flux1", "hunyuan_video", "hidream_i1", "sd3", "sd3_large"}),
    ("separate_open_clip_g", {"sd3", "sd3_large", "hidream_i1"}),
    ("open_clip_g_text", {"sd3", "sd3_large", "hidream_i1"}),
    ("separate_t5", {"hidream_i1"}),
    ("t5_text", {"hidream_i1"}),
    ("guidance_embed", {"flux1", "hunyuan_video", "hidream_i1", "flux2"}),
    ("speed_up_with_guidance_embed", {"flux1", "hunyuan_video", "hidream_i1", "flux2"}),
    ("resolution_dependent_shift", {"flux1", "sd3", "sd3_large", "hidream_i1", "qwen_image",
                                    "z_image", "flux2", "flux2_9b", "flux2_4b", "cosmos2.5_2b",
                                    "ernie_image", "ideogram_4", "krea_2", "qwen_image_2.1"}),
    ("causal_inference", {"wan_v2.1_1.3b", "wan_v2.1_14b", "wan_v2.2_5b"}),
    ("causal_inference_enabled", {"wan_v2.1_1.3b", "wan_v2.1_14b", "wan_v2.2_5b"}),
    ("causal_inference_pad", {"wan_v2.1_1.3b", "wan_v2.1_14b", "wan_v2.2_5b"}),
    ("shift_for_audio", {"minimax_h3"}),
    ("uses_sol_attention", {"minimax_h3"}),
    ("sol_attention_start", {"minimax_h3"}),
    ("sol_attention_tau", {"minimax_h3"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "versions"), READ_BY, ids=[name for name, _ in READ_BY])
def test_field_stays_for_the_versions_that_read_it_and_for_no_other(
    name: str, versions: set[str]
) -> None:
    config = dataclasses.replace(_DEFAULTS, **{name: other(getattr(_DEFAULTS, name))})
    kept = {version for version in VERSIONS if relevant(config, version) == (config, ())}
    assert kept == versions
    for version in VERSIONS.keys() - versions:
        assert relevant(config, version) == (_DEFAULTS, (name,))


@pytest.mark.parametrize("version", ["flux1", "hunyuan_video", "wan_v2.1_14b", "qwen_image"])
def test_tea_cache_and_cfg_zero_stay_for_flow_models(version: str) -> None:
    config = dataclasses.replace(_DEFAULTS, tea_cache=True, tea_cache_start=2, cfg_zero_star=True)
    assert relevant(config, version) == (config, ())


@pytest.mark.parametrize("version", ["v1", "sdxl_base_v0.9", "svd_i2v", "kandinsky2.1"])
def test_tea_cache_and_cfg_zero_are_left_out_elsewhere(version: str) -> None:
    config = dataclasses.replace(_DEFAULTS, tea_cache=True, tea_cache_start=2, cfg_zero_star=True)
    assert relevant(config, version)[0] == _DEFAULTS
    assert set(relevant(config, version)[1]) == {"tea_cache", "tea_cache_start", "cfg_zero_star"}


def test_high_resolution_fix_is_left_out_for_stable_cascade_only() -> None:
    config = dataclasses.replace(_DEFAULTS, hires_fix=True, hires_fix_strength=0.5)
    dropping = {version for version in VERSIONS if relevant(config, version)[1]}
    assert dropping == {"wurstchen_v3.0_stage_c"}


@pytest.mark.parametrize("version", ["", "flux9", "SDXL"])
def test_unknown_version_loses_nothing(version: str) -> None:
    assert relevant(EVERYTHING, version) == (EVERYTHING, ())


@pytest.mark.parametrize("version", VERSIONS)
def test_fields_that_all_versions_read_always_stay(version: str) -> None:
    kept, dropped = relevant(EVERYTHING, version)
    changed = {
        field.name
        for field in dataclasses.fields(kept)
        if getattr(kept, field.name) != getattr(EVERYTHING, field.name)
    }
    assert changed == set(dropped)
    assert changed <= matters_for().keys() | {"stochastic_sampling_gamma"}
    for name in ("shift", "sharpness", "tiled_decoding", "mask_blur", "zero_negative_prompt"):
        assert name not in dropped


@pytest.mark.parametrize("sampler", Sampler)
def test_gamma_stays_for_tcd_only(sampler: Sampler) -> None:
    config = dataclasses.replace(_DEFAULTS, sampler=sampler, stochastic_sampling_gamma=0.9)
    kept = relevant(config, "v1")[0].stochastic_sampling_gamma
    assert (kept == 0.9) == (sampler in (Sampler.TCD, Sampler.TCD_TRAILING))


def test_refiner_reads_its_own_fields() -> None:
    config = dataclasses.replace(_DEFAULTS, aesthetic_score=3.0)
    assert relevant(config, "sdxl_base_v0.9")[1] == ("aesthetic_score",)
    refined = dataclasses.replace(config, refiner_model="sdxl_refiner.ckpt")
    assert relevant(refined, "sdxl_base_v0.9") == (refined, ())
    assert relevant(refined, "flux1")[1] == ("aesthetic_score",)


def test_readers_are_named_for_people() -> None:
    assert readers("fps_id") == Readers("Stable Video Diffusion")
    assert readers("steps") is None
    assert readers("hires_fix") == Readers("Stable Cascade", excepted=True)
    size = readers("crop_top")
    assert size is not None
    assert "SSD-1B" in size.names
    for name in matters_for():
        assert readers(name)
