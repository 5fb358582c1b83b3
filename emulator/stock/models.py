"""The models that an emulated server owns: invented ones with plausible names, and some that exist.

Those with real names have the real specifications, without what steers a computation that nothing
here does (mmdit).
"""

from __future__ import annotations

from ...facts.versions import VERSIONS
from .model_parts import (
    CLIP_L,
    MINIMAX_H3,
    OBJECTIVE_U,
    OPEN_CLIP_G,
    OPEN_CLIP_H,
    QWEN_3,
    T5,
    UMT5,
    VAE_FLUX,
    VAE_FLUX_2,
    VAE_QWEN,
    VAE_SD,
    VAE_SDXL,
    VAE_WAN,
    flux,
    flux_2,
    ltx,
    model,
    qwen,
    sd,
    sdxl,
    wan,
)
from .specifications import Specification

MODELS: tuple[Specification, ...] = (
    sd("Stable Diffusion v1.5", "sd_v1.5_f16.ckpt"),
    sd(
        "Meadow Diffusion v1.5 Inpainting", "meadow_v1.5_inpainting_f16.ckpt", modifier="inpainting"
    ),
    sd("Instruct Meadow", "instruct_meadow_v1_q6p_q8p.ckpt", modifier="editing"),
    sd(
        "Meadow Diffusion v2.1 (768)",
        "meadow_v2.1_768_q6p_q8p.ckpt",
        "v2",
        default_scale=12,
        objective={"v": {}},
    ),
    sd(
        "Meadow Depth v2.0",
        "meadow_v2.0_depth_q6p_q8p.ckpt",
        "v2",
        modifier="depth",
        default_scale=8,
    ),
    model(
        "Taiga 2.1",
        "taiga_v2.1_q6p_q8p.ckpt",
        "kandinsky2.1",
        text_encoder="xlm_roberta_large_f16.ckpt",
        image_encoder="image_vit_l14_f16.ckpt",
        clip_encoder=CLIP_L,
        diffusion_mapping="diffusion_mapping_f16.ckpt",
        autoencoder="taiga_movq_f16.ckpt",
    ),
    sdxl(
        "SDXL Base v1.0 (8-bit)",
        "sd_xl_base_1.0_q6p_q8p.ckpt",
    ),
    sdxl("Alpine XL Turbo", "alpine_xl_turbo_q6p_q8p.ckpt", is_consistency_model=True),
    sdxl("Alpine XL Refiner 1.0", "alpine_xl_refiner_v1.0_q6p_q8p.ckpt", "sdxl_refiner_v0.9"),
    sdxl("Alpine Half 1B", "alpine_half_1b_q6p_q8p.ckpt", "ssd_1b"),
    model(
        "Brook Video i2v 1.1",
        "brook_i2v_xt_1.1_q6p_q8p.ckpt",
        "svd_i2v",
        text_encoder=OPEN_CLIP_H,
        image_encoder="open_clip_vit_h14_vision_model_f16.ckpt",
        autoencoder=VAE_SD,
        conditioning="noise",
    ),
    model(
        "Cascade of Hills",
        "cascade_hills_stage_c_v1.0_f32_q6p_q8p.ckpt",
        "wurstchen_v3.0_stage_c",
        text_encoder=OPEN_CLIP_G,
        autoencoder="cascade_hills_stage_a_v1.0_f16.ckpt",
        stage_models=["cascade_hills_stage_b_v1.0_q6p_q8p.ckpt"],
    ),
    model(
        "Cascade of Hills (Stage B)",
        "cascade_hills_stage_b_v1.0_q6p_q8p.ckpt",
        "wurstchen_v3.0_stage_b",
        text_encoder=OPEN_CLIP_G,
        autoencoder="cascade_hills_stage_a_v1.0_f16.ckpt",
        deprecated=True,
    ),
    model(
        "Granite 3 Medium",
        "granite_3_medium_q8p.ckpt",
        "sd3",
        text_encoder=T5,
        clip_encoder=CLIP_L,
        additional_clip_encoders=[OPEN_CLIP_G],
        autoencoder="granite_3_vae_f16.ckpt",
    ),
    model(
        "Granite 3.5 Large",
        "granite_3.5_large_q8p.ckpt",
        "sd3_large",
        text_encoder=T5,
        clip_encoder=CLIP_L,
        additional_clip_encoders=[OPEN_CLIP_G],
        autoencoder="granite_3_vae_f16.ckpt",
        mmdit={"qk_norm": True, "dual_attention_layers": []},
    ),
    model(
        "Pigment Sigma",
        "pigment_sigma_xl_1024_q8p.ckpt",
        "pixart",
        text_encoder=T5,
        autoencoder=VAE_SDXL,
        objective={"epsilon": {}},
    ),
    model(
        "Borealis v0.3",
        "borealis_v0.3_q8p.ckpt",
        "auraflow",
        text_encoder="pile_t5_xl_encoder_q8p.ckpt",
        autoencoder=VAE_SDXL,
    ),
    flux("Fjord.1 [quick]", "fjord_1_quick_q8p.ckpt", is_consistency_model=True),
    flux("Fjord.1 [dev]", "fjord_1_dev_q8p.ckpt", guidance_embed=True, is_bf16=True),
    flux(
        "Fjord.1 Kontext [dev]",
        "fjord_1_kontext_dev_q6p.ckpt",
        guidance_embed=True,
        modifier="kontext",
    ),
    flux(
        "Fjord.1 Fill [dev]",
        "fjord_1_fill_dev_q6p.ckpt",
        guidance_embed=True,
        modifier="inpainting",
    ),
    flux(
        "Fjord.1 Depth [dev]", "fjord_1_depth_dev_q6p.ckpt", guidance_embed=True, modifier="depth"
    ),
    flux(
        "Fjord.1 Canny [dev]", "fjord_1_canny_dev_q6p.ckpt", guidance_embed=True, modifier="canny"
    ),
    model(
        "Lantern Video t2v (720p)",
        "lantern_video_t2v_720p_q8p.ckpt",
        "hunyuan_video",
        text_encoder="llava_llama_3_8b_v1.1_q8p.ckpt",
        clip_encoder=CLIP_L,
        autoencoder="lantern_video_vae_f16.ckpt",
        guidance_embed=True,
    ),
    wan("Willow 2.1 t2v 1.3B", "willow_v2.1_1.3b_480p_f16.ckpt", "wan_v2.1_1.3b"),
    wan("Willow 2.1 t2v 14B", "willow_v2.1_14b_720p_q8p.ckpt"),
    wan("Willow 2.1 i2v 14B (480p)", "willow_v2.1_14b_i2v_480p_q8p.ckpt", modifier="inpainting"),
    wan(
        "Willow 2.2 High Noise t2v A14B",
        "willow_v2.2_a14b_hne_t2v_q8p.ckpt",
        default_refiner="willow_v2.2_a14b_lne_t2v_q8p.ckpt",
    ),
    wan("Willow 2.2 Low Noise t2v A14B", "willow_v2.2_a14b_lne_t2v_q8p.ckpt"),
    wan("Willow 2.2 TI2V 5B", "willow_v2.2_5b_ti2v_q8p.ckpt", "wan_v2.2_5b"),
    model(
        "Daydream I1 [dev]",
        "daydream_i1_dev_q8p.ckpt",
        "hidream_i1",
        text_encoder="llama_3.1_8b_instruct_q8p.ckpt",
        clip_encoder="long_clip_vit_l14_f16.ckpt",
        additional_clip_encoders=["long_open_clip_vit_bigg14_f16.ckpt"],
        t5_encoder=T5,
        autoencoder=VAE_FLUX,
        guidance_embed=True,
    ),
    model(
        "Daydream O1 [dev]",
        "daydream_o1_dev_q8p.ckpt",
        "hidream_o1",
        text_encoder=QWEN_3,
        autoencoder="daydream_o1_patch_f16.ckpt",
        is_bf16=True,
    ),
    qwen("Quince Image 1.0", "quince_image_1.0_q8p.ckpt"),
    qwen("Quince Image Edit 1.0", "quince_image_edit_1.0_q8p.ckpt", modifier="kontext"),
    qwen(
        "Quince Image Edit 2509", "quince_image_edit_2509_q6p.ckpt", modifier="qwenimage_edit_plus"
    ),
    qwen(
        "Qwen Image Edit 2511 (6-bit)",
        "qwen_image_edit_2511_q6p.ckpt",
        clip_encoder="qwen_2.5_vl_7b_vit_f16.ckpt",
        hires_fix_scale=24,
        modifier="qwenimage_edit_2511",
        objective=OBJECTIVE_U,
    ),
    qwen("Quince Image Layered", "quince_image_layered_q6p.ckpt", modifier="qwenimage_layered"),
    model(
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
        objective=OBJECTIVE_U,
    ),
    model(
        "Z Image Turbo 1.0",
        "z_image_turbo_1.0_q8p.ckpt",
        "z_image",
        text_encoder=QWEN_3,
        autoencoder=VAE_FLUX,
        hires_fix_scale=24,
        objective=OBJECTIVE_U,
    ),
    model(
        "Z Image Base 1.0",
        "z_image_1.0_q8p.ckpt",
        "z_image",
        text_encoder=QWEN_3,
        autoencoder=VAE_FLUX,
        hires_fix_scale=24,
        objective=OBJECTIVE_U,
    ),
    model(
        "Heron Image Turbo",
        "heron_image_turbo_q8p.ckpt",
        "ernie_image",
        text_encoder="ministral_3_3b_q8p.ckpt",
        autoencoder=VAE_FLUX_2,
        is_consistency_model=True,
    ),
    flux_2("Fjord.2 [dev]", "fjord_2_dev_q6p.ckpt", "flux2", guidance_embed=True),
    flux_2("Fjord.2 [cove] 9B", "fjord_2_cove_9b_q8p.ckpt", "flux2_9b", is_consistency_model=True),
    model(
        "FLUX.2 [klein] 4B",
        "flux_2_klein_4b_q8p.ckpt",
        "flux2_4b",
        text_encoder="qwen_3_4b_q8p.ckpt",
        autoencoder=VAE_FLUX_2,
        hires_fix_scale=24,
        modifier="kontext",
        objective=OBJECTIVE_U,
        padded_text_encoding_length=512,
    ),
    model(
        "Orbit 2.5 2B",
        "orbit_2.5_2b_q8p.ckpt",
        "cosmos2.5_2b",
        text_encoder="qwen_2.5_0.6b_q8p.ckpt",
        autoencoder=VAE_QWEN,
        objective={"u": {"condition_scale": 1}},
    ),
    model("Glyph 4", "glyph_4_q8p.ckpt", "ideogram_4", text_encoder=T5, autoencoder=VAE_FLUX_2),
    model("Kelp 2", "kelp_2_q8p.ckpt", "krea_2", text_encoder=QWEN_3, autoencoder=VAE_QWEN),
    model(
        "LTX-2 19B [distilled]",
        "ltx_2_19b_distilled_q8p.ckpt",
        "ltx2",
        text_encoder="gemma_3_12b_it_qat_q8p.ckpt",
        clip_encoder="ltx_2_19b_distilled_q8p.ckpt",
        autoencoder="ltx_2_audio_video_vae_f16.ckpt",
        hires_fix_scale=24,
        modifier="kontext",
        objective=OBJECTIVE_U,
    ),
    ltx(
        "Larch 2.3 22B [dev]",
        "larch_2.3_22b_dev_q6p.ckpt",
        "ltx2.3",
        frames_per_second=25,
        latents_upscalers=[{"file": "larch_2.3_spatial_upscaler_x2_f16.ckpt", "scale": "2"}],
    ),
    model("MiniMax H3", "minimax_h3_fl2va_q8p.ckpt", "minimax_h3", modifier="fl2va", **MINIMAX_H3),
    model(
        "MiniMax H3 [ref2va]",
        "minimax_h3_ref2va_q8p.ckpt",
        "minimax_h3",
        modifier="ref2va",
        **MINIMAX_H3,
    ),
    model(
        "Sharpen VR 3B",
        "sharpen_vr_3b_q8p.ckpt",
        "seedvr2_3b",
        text_encoder="sharpen_vr_embeddings_f16.ckpt",
        autoencoder="sharpen_vr_vae_f16.ckpt",
        modifier="inpainting",
    ),
    model(
        "Sharpen VR 7B",
        "sharpen_vr_7b_q6p.ckpt",
        "seedvr2_7b",
        text_encoder="sharpen_vr_embeddings_f16.ckpt",
        autoencoder="sharpen_vr_vae_f16.ckpt",
        modifier="inpainting",
    ),
    model(
        "Marmot Avatar v1.5",
        "marmot_avatar_v1.5_q8p.ckpt",
        "longcat_video_avatar_v1.5",
        default_scale=12,
        text_encoder=UMT5,
        autoencoder=VAE_WAN,
        modifier="kontext",
    ),
    sd("背景アート v3", "haikei_背景_v3_f16.ckpt", note="Named beyond ASCII."),
)


def models() -> tuple[Specification, ...]:
    """Return `MODELS`, and one that is called after its version for each that none of them has."""
    there = {str(entry["version"]) for entry in MODELS}
    return MODELS + tuple(
        model(row.name, f"{row.id}_q8p.ckpt", row.id)
        for row in VERSIONS.values()
        if row.id not in there
    )
