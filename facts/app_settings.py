"""Which settings suit a model file: the app's own list (docs/configuration.md 5)."""

from __future__ import annotations

from typing import NamedTuple

from .samplers import Sampler


class Recommended(NamedTuple):
    """Settings for models whose file name starts with one of `files`; None is the field's default.

    Sizes are pixels. All of them go with seed mode Scale Alike and strength 1.
    """

    files: tuple[str, ...]
    version: str
    steps: int
    guidance_scale: float | None = None
    shift: float | None = None
    resolution_dependent_shift: bool | None = None
    sampler: Sampler | None = None
    width: int | None = None
    height: int | None = None
    num_frames: int | None = None
    guidance_embed: float | None = None
    speed_up_with_guidance_embed: bool | None = None
    refiner_start: float | None = None
    hires_fix: bool | None = None
    shift_for_audio: float | None = None
    tiled_decoding: tuple[int, int, int] | None = None
    """Width, height and overlap of the tiles; None is without."""
    zero_negative_prompt: bool | None = None
    expand_prompt_to_json: bool | None = None
    mask_blur: float | None = None
    clip_skip: int | None = None


_EULER, _DPM, _AYS = Sampler.EULER_A_TRAILING, Sampler.DPMPP_2M_TRAILING, Sampler.DPMPP_2M_AYS
_DDIM, _UNIPC, _TCD = Sampler.DDIM_TRAILING, Sampler.UNIPC_TRAILING, Sampler.TCD_TRAILING

# The first row of a version also serves its files that no row names.
RECOMMENDED: tuple[Recommended, ...] = (
    Recommended(("sd_v1.5",), "v1", 16, 5, 1, False, _AYS, 512, 512),
    Recommended(
        ("sd_xl_base_1.0",),
        *("sdxl_base_v0.9", 16, 5, 1, False, _AYS, 1024, 1024),
        zero_negative_prompt=True,
        mask_blur=2.5,
        clip_skip=2,
    ),
    Recommended(("flux_1_dev",), "flux1", 28, 4.5, 1, True, _EULER, 1024, 1024, None, 4.5, True),
    Recommended(
        ("flux_1_schnell",), "flux1", 4, 4.5, 1, False, _EULER, 1024, 1024, None, None, True
    ),
    Recommended(
        ("flux_1_schnell_q5p",), "flux1", 2, 4.5, 1, False, _EULER, 768, 768, None, 3.5, True
    ),
    Recommended(("flux_1_fill_dev",), "flux1", 28, 50, 1, True, _EULER, 1024, 1024, None, 50),
    Recommended(("hidream_i1_dev",), "hidream_i1", 28, 1, 6, False, _EULER, 1024, 1024),
    Recommended(("hidream_i1_fast",), "hidream_i1", 16, 1, 3, False, _EULER, 1024, 1024),
    Recommended(("hidream_i1_full",), "hidream_i1", 40, 5, 3, False, _EULER, 1024, 1024),
    Recommended(("hidream_o1_dev",), "hidream_o1", 28, 1, 1, True, _DPM, 1024, 1024),
    Recommended(("qwen_image",), "qwen_image", 30, 4, 2, None, _UNIPC),
    Recommended(("z_image_turbo",), "z_image", 8, 1, 3, False, _UNIPC),
    Recommended(("z_image_1.0",), "z_image", 30, 4, None, True, _UNIPC),
    Recommended(("flux_2_klein_9b",), "flux2_9b", 4, 1, 3, False, _DDIM, 1024, 1024),
    Recommended(("flux_2_klein_base_9b",), "flux2_9b", 30, 4, None, True, _DDIM, 1024, 1024),
    Recommended(("flux_2_klein_4b",), "flux2_4b", 4, 1, 3, False, _DDIM, 1024, 1024),
    Recommended(("flux_2_klein_base_4b",), "flux2_4b", 30, 4, None, True, _DDIM, 1024, 1024),
    Recommended(("flux_2_dev",), "flux2", 28, 4.5, 1, True, _DDIM, 1024, 1024, None, 4.5),
    Recommended(
        ("hunyuan_video",), "hunyuan_video", 30, 6, 7, False, _DDIM, 960, 512, 129, 6, True
    ),
    Recommended(
        ("skyreels_v1_hunyuan_t2v", "skyreels_v1_hunyuan_video_t2v"),
        *("hunyuan_video", 30, 6, 7, False, _DDIM, 960, 512, 97, 1, False),
    ),
    Recommended(
        ("skyreels_v1_hunyuan_i2v", "skyreels_v1_hunyuan_video_i2v"),
        *("hunyuan_video", 30, 6, 7, False, _DDIM, 512, 960, 97, 1, False),
    ),
    Recommended(("wan_v2.1_1.3b",), "wan_v2.1_1.3b", 30, 5, 5, None, _EULER, 832, 448, 81),
    Recommended(("wan_v2.1_14b",), "wan_v2.1_14b", 30, 5, 5, None, _EULER, 832, 448, 81),
    Recommended(("wan_v2.1_14b_i2v_480p",), "wan_v2.1_14b", 30, 5, 3, None, _EULER, 832, 448, 81),
    Recommended(("wan_v2.1_14b_i2v_720p",), "wan_v2.1_14b", 30, 5, 5, None, _EULER, 1280, 768, 81),
    Recommended(
        ("wan_v2.2_a14b_hne_t2v",),
        *("wan_v2.1_14b", 30, 4, 8, None, _UNIPC, 832, 448, 81, None, None, 0.125),
    ),
    Recommended(
        ("wan_v2.2_a14b_hne_i2v",),
        *("wan_v2.1_14b", 30, 3.5, 5, None, _UNIPC, 832, 448, 81, None, None, 0.1),
    ),
    Recommended(("ltx_2_19b_dev",), "ltx2", 30, 5, 5, None, _UNIPC, 1280, 768, 121),
    Recommended(("ltx_2_19b_distilled",), "ltx2", 8, 1, 5, None, _TCD, 1280, 768, 121),
    Recommended(
        ("ltx_2.3_22b_dev",), "ltx2.3", 30, 5, 5, None, _UNIPC, 1280, 768, 121, hires_fix=True
    ),
    Recommended(
        ("ltx_2.3_22b_distilled",), "ltx2.3", 8, 1, 5, None, _TCD, 1280, 768, 121, hires_fix=True
    ),
    Recommended(("ernie_image_turbo",), "ernie_image", 8, 1, 4, False, _UNIPC),
    Recommended(("ernie_image",), "ernie_image", 30, 4, None, True, _UNIPC),
    Recommended(("krea_2_turbo",), "krea_2", 8, 1, 3, False, _EULER),
    Recommended(("krea_2_raw",), "krea_2", 52, 3.5, None, True, _EULER),
    Recommended(
        ("ideogram_4_fast",),
        *("ideogram_4", 20, 1, 1, False, _EULER),
        zero_negative_prompt=True,
        expand_prompt_to_json=True,
    ),
    Recommended(
        ("ideogram_4_instant",),
        *("ideogram_4", 8, 1, 1, False, _EULER),
        zero_negative_prompt=True,
        expand_prompt_to_json=True,
    ),
    Recommended(
        ("ideogram_4",),
        *("ideogram_4", 48, 7, 1, False, _EULER),
        zero_negative_prompt=True,
        expand_prompt_to_json=True,
    ),
    Recommended(
        ("anima_base_1.0", "anima_aesthetic_1.1"),
        *("cosmos2.5_2b", 30, 4, None, True, _DDIM, 1024, 1024),
        mask_blur=2.5,
    ),
    Recommended(
        ("anima_turbo_1.0",),
        *("cosmos2.5_2b", 30, 1, None, True, _DDIM, 1024, 1024),
        mask_blur=2.5,
    ),
    Recommended(
        ("longcat_video_avatar_1.5_dmd",),
        *("longcat_video_avatar_v1.5", 8, 1, 7, None, _DDIM, None, None, 93),
    ),
    Recommended(
        ("minimax_h3_fl2va", "minimax_h3_ref2va", "minimax_h3"),
        *("minimax_h3", 50, 1, 12, False, _DDIM, 832, 512, 124),
        shift_for_audio=3,
        tiled_decoding=(256, 256, 64),
    ),
    Recommended(("qwen_image_2.1",), "qwen_image_2.1", 40, 1, 1, True, _DDIM),
    Recommended(("qwen_image_2.1_turbo",), "qwen_image_2.1", 8, 1, 6.5, False, _DDIM),
)


def recommended(file: str, version: str) -> Recommended | None:
    """Return the settings for a model file, else the first ones of its version, else None."""
    named = [
        (len(prefix), row)
        for row in RECOMMENDED
        for prefix in row.files
        if row.version == version and file.startswith(prefix)
    ]
    if named:
        return max(named, key=lambda entry: entry[0])[1]
    return next((row for row in RECOMMENDED if row.version == version), None)
