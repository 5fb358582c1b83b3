"""The models that an emulated server owns: invented ones with plausible names, and some that exist.

Those with real names have the real specifications, without what steers a computation that nothing
here does (mmdit).
"""

from __future__ import annotations

from collections.abc import Mapping

from ...facts.sizes import BLOCK_PX, USUAL_SIZE_PX
from ...facts.versions import VERSIONS
from .specifications import JsonValue, Specification

_CLIP_L = "clip_vit_l14_f16.ckpt"
_OPEN_CLIP_H = "open_clip_vit_h14_f16.ckpt"
_OPEN_CLIP_G = "open_clip_vit_bigg14_f16.ckpt"
_T5 = "t5_xxl_encoder_q6p.ckpt"
_QWEN_VL = "qwen_2.5_vl_7b_q8p.ckpt"
_QWEN_3 = "qwen_3_vl_4b_instruct_q8p.ckpt"
_UMT5 = "umt5_xxl_encoder_q8p.ckpt"
_VAE_SD = "vae_ft_mse_840000_f16.ckpt"
_VAE_SDXL = "sdxl_vae_v1.0_f16.ckpt"
_VAE_FLUX = "flux_1_vae_f16.ckpt"
_VAE_FLUX_2 = "flux_2_vae_f16.ckpt"
_VAE_WAN = "wan_v2.1_video_vae_f16.ckpt"
_VAE_QWEN = "qwen_image_vae_f16.ckpt"

_U: Specification = {"u": {"condition_scale": 1000}}
_H3: Mapping[str, JsonValue] = {
    "text_encoder": "qwen_3_vl_32b_50_i8x.ckpt",
    "autoencoder": "minimax_h3_vae_f16.ckpt",
    "frames_per_second": 24,
    "objective": _U,
}


def _model(name: str, file: str, version: str, **more: JsonValue) -> Specification:
    return {
        "name": name,
        "file": file,
        "prefix": "",
        "version": version,
        "upcast_attention": False,
        "default_scale": (VERSIONS[version].default_size_px or USUAL_SIZE_PX) // BLOCK_PX,
        **more,
    }


def _sd(name: str, file: str, version: str = "v1", **more: JsonValue) -> Specification:
    encoder = _CLIP_L if version == "v1" else _OPEN_CLIP_H
    return _model(name, file, version, text_encoder=encoder, autoencoder=_VAE_SD, **more)


def _sdxl(
    name: str, file: str, version: str = "sdxl_base_v0.9", **more: JsonValue
) -> Specification:
    return _model(
        name,
        file,
        version,
        text_encoder=_OPEN_CLIP_G,
        clip_encoder=_CLIP_L,
        autoencoder=_VAE_SDXL,
        **more,
    )


def _flux(name: str, file: str, **more: JsonValue) -> Specification:
    return _model(
        name,
        file,
        "flux1",
        text_encoder=_T5,
        clip_encoder=_CLIP_L,
        autoencoder=_VAE_FLUX,
        hires_fix_scale=16,
        **more,
    )


def _flux_2(name: str, file: str, version: str, **more: JsonValue) -> Specification:
    encoder = "mistral_small_3.2_24b_q8p.ckpt" if version == "flux2" else _QWEN_3
    return _model(
        name,
        file,
        version,
        text_encoder=encoder,
        autoencoder=_VAE_FLUX_2,
        modifier="kontext",
        **more,
    )


def _wan(name: str, file: str, version: str = "wan_v2.1_14b", **more: JsonValue) -> Specification:
    vae = "wan_v2.2_video_vae_f16.ckpt" if version == "wan_v2.2_5b" else _VAE_WAN
    return _model(name, file, version, text_encoder=_UMT5, autoencoder=vae, **more)


def _qwen(name: str, file: str, **more: JsonValue) -> Specification:
    return _model(name, file, "qwen_image", text_encoder=_QWEN_VL, autoencoder=_VAE_QWEN, **more)


def _ltx(name: str, file: str, version: str, **more: JsonValue) -> Specification:
    return _model(
        name,
        file,
        version,
        text_encoder="gemma_3_12b_it_q8p.ckpt",
        autoencoder="ltx_2_video_vae_f16.ckpt",
        additional_clip_encoders=["ltx_2_audio_vae_f16.ckpt"],
        modifier="kontext",
        **more,
    )


MODELS: tuple[Specification, ...] = (
    _sd("Stable Diffusion v1.5", "sd_v1.5_f16.ckpt"),
    _sd(
        "Meadow Diffusion v1.5 Inpainting", "meadow_v1.5_inpainting_f16.ckpt", modifier="inpainting"
    ),
    _sd("Instruct Meadow", "instruct_meadow_v1_q6p_q8p.ckpt", modifier="editing"),
    _sd(
        "Meadow Diffusion v2.1 (768)",
        "meadow_v2.1_768_q6p_q8p.ckpt",
        "v2",
        default_scale=12,
        objective={"v": {}},
    ),
    _sd(
        "Meadow Depth v2.0",
        "meadow_v2.0_depth_q6p_q8p.ckpt",
        "v2",
        modifier="depth",
        default_scale=8,
    ),
    _model(
        "Taiga 2.1",
        "taiga_v2.1_q6p_q8p.ckpt",
        "kandinsky2.1",
        text_encoder="xlm_roberta_large_f16.ckpt",
        image_encoder="image_vit_l14_f16.ckpt",
        clip_encoder=_CLIP_L,
        diffusion_mapping="diffusion_mapping_f16.ckpt",
        autoencoder="taiga_movq_f16.ckpt",
    ),
    _sdxl(
        "SDXL Base v1.0 (8-bit)",
        "sd_xl_base_1.0_q6p_q8p.ckpt",
    ),
    _sdxl("Alpine XL Turbo", "alpine_xl_turbo_q6p_q8p.ckpt", is_consistency_model=True),
    _sdxl("Alpine XL Refiner 1.0", "alpine_xl_refiner_v1.0_q6p_q8p.ckpt", "sdxl_refiner_v0.9"),
    _sdxl("Alpine Half 1B", "alpine_half_1b_q6p_q8p.ckpt", "ssd_1b"),
    _model(
        "Brook Video i2v 1.1",
        "brook_i2v_xt_1.1_q6p_q8p.ckpt",
        "svd_i2v",
        text_encoder=_OPEN_CLIP_H,
        image_encoder="open_clip_vit_h14_vision_model_f16.ckpt",
        autoencoder=_VAE_SD,
        conditioning="noise",
    ),
    _model(
        "Cascade of Hills",
        "cascade_hills_stage_c_v1.0_f32_q6p_q8p.ckpt",
        "wurstchen_v3.0_stage_c",
        text_encoder=_OPEN_CLIP_G,
        autoencoder="cascade_hills_stage_a_v1.0_f16.ckpt",
        stage_models=["cascade_hills_stage_b_v1.0_q6p_q8p.ckpt"],
    ),
    _model(
        "Cascade of Hills (Stage B)",
        "cascade_hills_stage_b_v1.0_q6p_q8p.ckpt",
        "wurstchen_v3.0_stage_b",
        text_encoder=_OPEN_CLIP_G,
        autoencoder="cascade_hills_stage_a_v1.0_f16.ckpt",
        deprecated=True,
    ),
    _model(
        "Granite 3 Medium",
        "granite_3_medium_q8p.ckpt",
        "sd3",
        text_encoder=_T5,
        clip_encoder=_CLIP_L,
        additional_clip_encoders=[_OPEN_CLIP_G],
        autoencoder="granite_3_vae_f16.ckpt",
    ),
    _model(
        "Granite 3.5 Large",
        "granite_3.5_large_q8p.ckpt",
        "sd3_large",
        text_encoder=_T5,
        clip_encoder=_CLIP_L,
        additional_clip_encoders=[_OPEN_CLIP_G],
        autoencoder="granite_3_vae_f16.ckpt",
        mmdit={"qk_norm": True, "dual_attention_layers": []},
    ),
    _model(
        "Pigment Sigma",
        "pigment_sigma_xl_1024_q8p.ckpt",
        "pixart",
        text_encoder=_T5,
        autoencoder=_VAE_SDXL,
        objective={"epsilon": {}},
    ),
    _model(
        "Borealis v0.3",
        "borealis_v0.3_q8p.ckpt",
        "auraflow",
        text_encoder="pile_t5_xl_encoder_q8p.ckpt",
        autoencoder=_VAE_SDXL,
    ),
    _flux("Fjord.1 [quick]", "fjord_1_quick_q8p.ckpt", is_consistency_model=True),
    _flux("Fjord.1 [dev]", "fjord_1_dev_q8p.ckpt", guidance_embed=True, is_bf16=True),
    _flux(
        "Fjord.1 Kontext [dev]",
        "fjord_1_kontext_dev_q6p.ckpt",
        guidance_embed=True,
        modifier="kontext",
    ),
    _flux(
        "Fjord.1 Fill [dev]",
        "fjord_1_fill_dev_q6p.ckpt",
        guidance_embed=True,
        modifier="inpainting",
    ),
    _flux(
        "Fjord.1 Depth [dev]", "fjord_1_depth_dev_q6p.ckpt", guidance_embed=True, modifier="depth"
    ),
    _flux(
        "Fjord.1 Canny [dev]", "fjord_1_canny_dev_q6p.ckpt", guidance_embed=True, modifier="canny"
    ),
    _model(
        "Lantern Video t2v (720p)",
        "lantern_video_t2v_720p_q8p.ckpt",
        "hunyuan_video",
        text_encoder="llava_llama_3_8b_v1.1_q8p.ckpt",
        clip_encoder=_CLIP_L,
        autoencoder="lantern_video_vae_f16.ckpt",
        guidance_embed=True,
    ),
    _wan("Willow 2.1 t2v 1.3B", "willow_v2.1_1.3b_480p_f16.ckpt", "wan_v2.1_1.3b"),
    _wan("Willow 2.1 t2v 14B", "willow_v2.1_14b_720p_q8p.ckpt"),
    _wan("Willow 2.1 i2v 14B (480p)", "willow_v2.1_14b_i2v_480p_q8p.ckpt", modifier="inpainting"),
    _wan(
        "Willow 2.2 High Noise t2v A14B",
        "willow_v2.2_a14b_hne_t2v_q8p.ckpt",
        default_refiner="willow_v2.2_a14b_lne_t2v_q8p.ckpt",
    ),
    _wan("Willow 2.2 Low Noise t2v A14B", "willow_v2.2_a14b_lne_t2v_q8p.ckpt"),
    _wan("Willow 2.2 TI2V 5B", "willow_v2.2_5b_ti2v_q8p.ckpt", "wan_v2.2_5b"),
    _model(
        "Daydream I1 [dev]",
        "daydream_i1_dev_q8p.ckpt",
        "hidream_i1",
        text_encoder="llama_3.1_8b_instruct_q8p.ckpt",
        clip_encoder="long_clip_vit_l14_f16.ckpt",
        additional_clip_encoders=["long_open_clip_vit_bigg14_f16.ckpt"],
        t5_encoder=_T5,
        autoencoder=_VAE_FLUX,
        guidance_embed=True,
    ),
    _model(
        "Daydream O1 [dev]",
        "daydream_o1_dev_q8p.ckpt",
        "hidream_o1",
        text_encoder=_QWEN_3,
        autoencoder="daydream_o1_patch_f16.ckpt",
        is_bf16=True,
    ),
    _qwen("Quince Image 1.0", "quince_image_1.0_q8p.ckpt"),
    _qwen("Quince Image Edit 1.0", "quince_image_edit_1.0_q8p.ckpt", modifier="kontext"),
    _qwen(
        "Quince Image Edit 2509", "quince_image_edit_2509_q6p.ckpt", modifier="qwenimage_edit_plus"
    ),
    _qwen(
        "Qwen Image Edit 2511 (6-bit)",
        "qwen_image_edit_2511_q6p.ckpt",
        clip_encoder="qwen_2.5_vl_7b_vit_f16.ckpt",
        hires_fix_scale=24,
        modifier="qwenimage_edit_2511",
        objective=_U,
    ),
    _qwen("Quince Image Layered", "quince_image_layered_q6p.ckpt", modifier="qwenimage_layered"),
    _model(
        "Qwen Image 2.1",
        "qwen_image_2.1_q8p.ckpt",
        "qwen_image_2.1",
        text_encoder="qwen_3_vl_8b_instruct_i8x.ckpt",
        autoencoder="qwen_image_2.1_vae_f16.ckpt",
        high_precision_autoencoder=True,
        hires_fix_scale=40,
        modifier="kontext",
        noise_discretization={
            "rf": {
                "_0": {
                    **{"sigma_min": 0, "sigma_max": 1, "condition_scale": 1000},
                    "shift_terminal": 0.02,
                }
            }
        },
        objective=_U,
    ),
    _model(
        "Z Image Turbo 1.0",
        "z_image_turbo_1.0_q8p.ckpt",
        "z_image",
        text_encoder=_QWEN_3,
        autoencoder=_VAE_FLUX,
        hires_fix_scale=24,
        objective=_U,
    ),
    _model(
        "Z Image Base 1.0",
        "z_image_1.0_q8p.ckpt",
        "z_image",
        text_encoder=_QWEN_3,
        autoencoder=_VAE_FLUX,
        hires_fix_scale=24,
        objective=_U,
    ),
    _model(
        "Heron Image Turbo",
        "heron_image_turbo_q8p.ckpt",
        "ernie_image",
        text_encoder="ministral_3_3b_q8p.ckpt",
        autoencoder=_VAE_FLUX_2,
        is_consistency_model=True,
    ),
    _flux_2("Fjord.2 [dev]", "fjord_2_dev_q6p.ckpt", "flux2", guidance_embed=True),
    _flux_2("Fjord.2 [cove] 9B", "fjord_2_cove_9b_q8p.ckpt", "flux2_9b", is_consistency_model=True),
    _model(
        "FLUX.2 [klein] 4B",
        "flux_2_klein_4b_q8p.ckpt",
        "flux2_4b",
        text_encoder="qwen_3_4b_q8p.ckpt",
        autoencoder=_VAE_FLUX_2,
        hires_fix_scale=24,
        modifier="kontext",
        objective=_U,
        padded_text_encoding_length=512,
    ),
    _model(
        "Orbit 2.5 2B",
        "orbit_2.5_2b_q8p.ckpt",
        "cosmos2.5_2b",
        text_encoder="qwen_2.5_0.6b_q8p.ckpt",
        autoencoder=_VAE_QWEN,
        objective={"u": {"condition_scale": 1}},
    ),
    _model("Glyph 4", "glyph_4_q8p.ckpt", "ideogram_4", text_encoder=_T5, autoencoder=_VAE_FLUX_2),
    _model("Kelp 2", "kelp_2_q8p.ckpt", "krea_2", text_encoder=_QWEN_3, autoencoder=_VAE_QWEN),
    _model(
        "LTX-2 19B [distilled]",
        "ltx_2_19b_distilled_q8p.ckpt",
        "ltx2",
        text_encoder="gemma_3_12b_it_qat_q8p.ckpt",
        clip_encoder="ltx_2_19b_distilled_q8p.ckpt",
        autoencoder="ltx_2_audio_video_vae_f16.ckpt",
        hires_fix_scale=24,
        modifier="kontext",
        objective=_U,
    ),
    _ltx(
        "Larch 2.3 22B [dev]",
        "larch_2.3_22b_dev_q6p.ckpt",
        "ltx2.3",
        frames_per_second=25,
        latents_upscalers=[{"file": "larch_2.3_spatial_upscaler_x2_f16.ckpt", "scale": "2"}],
    ),
    _model("MiniMax H3", "minimax_h3_fl2va_q8p.ckpt", "minimax_h3", modifier="fl2va", **_H3),
    _model(
        "MiniMax H3 [ref2va]", "minimax_h3_ref2va_q8p.ckpt", "minimax_h3", modifier="ref2va", **_H3
    ),
    _model(
        "Sharpen VR 3B",
        "sharpen_vr_3b_q8p.ckpt",
        "seedvr2_3b",
        text_encoder="sharpen_vr_embeddings_f16.ckpt",
        autoencoder="sharpen_vr_vae_f16.ckpt",
        modifier="inpainting",
    ),
    _model(
        "Sharpen VR 7B",
        "sharpen_vr_7b_q6p.ckpt",
        "seedvr2_7b",
        text_encoder="sharpen_vr_embeddings_f16.ckpt",
        autoencoder="sharpen_vr_vae_f16.ckpt",
        modifier="inpainting",
    ),
    _model(
        "Marmot Avatar v1.5",
        "marmot_avatar_v1.5_q8p.ckpt",
        "longcat_video_avatar_v1.5",
        default_scale=12,
        text_encoder=_UMT5,
        autoencoder=_VAE_WAN,
        modifier="kontext",
    ),
    _sd("背景アート v3", "haikei_背景_v3_f16.ckpt", note="Named beyond ASCII."),
)


def models() -> tuple[Specification, ...]:
    """Return `MODELS`, and one that is called after its version for each that none of them has."""
    there = {str(entry["version"]) for entry in MODELS}
    return MODELS + tuple(
        _model(row.name, f"{row.id}_q8p.ckpt", row.id)
        for row in VERSIONS.values()
        if row.id not in there
    )
