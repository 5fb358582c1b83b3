"""What models of one make have in common: encoders, decoders, and the keys that go with them."""

from __future__ import annotations

from collections.abc import Mapping

from ...facts.sizes import BLOCK_PX, USUAL_SIZE_PX
from ...facts.versions import VERSIONS
from .specifications import JsonValue, Specification

CLIP_L = "clip_vit_l14_f16.ckpt"
OPEN_CLIP_H = "open_clip_vit_h14_f16.ckpt"
OPEN_CLIP_G = "open_clip_vit_bigg14_f16.ckpt"
T5 = "t5_xxl_encoder_q6p.ckpt"
QWEN_VL = "qwen_2.5_vl_7b_q8p.ckpt"
QWEN_3 = "qwen_3_vl_4b_instruct_q8p.ckpt"
UMT5 = "umt5_xxl_encoder_q8p.ckpt"
VAE_SD = "vae_ft_mse_840000_f16.ckpt"
VAE_SDXL = "sdxl_vae_v1.0_f16.ckpt"
VAE_FLUX = "flux_1_vae_f16.ckpt"
VAE_FLUX_2 = "flux_2_vae_f16.ckpt"
VAE_WAN = "wan_v2.1_video_vae_f16.ckpt"
VAE_QWEN = "qwen_image_vae_f16.ckpt"

OBJECTIVE_U: Specification = {"u": {"condition_scale": 1000}}
MINIMAX_H3: Mapping[str, JsonValue] = {
    "text_encoder": "qwen_3_vl_32b_50_i8x.ckpt",
    "autoencoder": "minimax_h3_vae_f16.ckpt",
    "frames_per_second": 24,
    "objective": OBJECTIVE_U,
}


def model(name: str, file: str, version: str, **more: JsonValue) -> Specification:
    """Return the specification of a model, with the size that its version is usual for."""
    return {
        "name": name,
        "file": file,
        "prefix": "",
        "version": version,
        "upcast_attention": False,
        "default_scale": (VERSIONS[version].default_size_px or USUAL_SIZE_PX) // BLOCK_PX,
        **more,
    }


def sd(name: str, file: str, version: str = "v1", **more: JsonValue) -> Specification:
    """Return a Stable Diffusion 1 or 2."""
    encoder = CLIP_L if version == "v1" else OPEN_CLIP_H
    return model(name, file, version, text_encoder=encoder, autoencoder=VAE_SD, **more)


def sdxl(name: str, file: str, version: str = "sdxl_base_v0.9", **more: JsonValue) -> Specification:
    """Return an SDXL, or one of its relatives."""
    return model(
        name,
        file,
        version,
        text_encoder=OPEN_CLIP_G,
        clip_encoder=CLIP_L,
        autoencoder=VAE_SDXL,
        **more,
    )


def flux(name: str, file: str, **more: JsonValue) -> Specification:
    """Return a FLUX.1."""
    return model(
        name,
        file,
        "flux1",
        text_encoder=T5,
        clip_encoder=CLIP_L,
        autoencoder=VAE_FLUX,
        hires_fix_scale=16,
        **more,
    )


def flux_2(name: str, file: str, version: str, **more: JsonValue) -> Specification:
    """Return a FLUX.2, all of which edit."""
    encoder = "mistral_small_3.2_24b_q8p.ckpt" if version == "flux2" else QWEN_3
    return model(
        name,
        file,
        version,
        text_encoder=encoder,
        autoencoder=VAE_FLUX_2,
        modifier="kontext",
        **more,
    )


def wan(name: str, file: str, version: str = "wan_v2.1_14b", **more: JsonValue) -> Specification:
    """Return a Wan."""
    vae = "wan_v2.2_video_vae_f16.ckpt" if version == "wan_v2.2_5b" else VAE_WAN
    return model(name, file, version, text_encoder=UMT5, autoencoder=vae, **more)


def qwen(name: str, file: str, **more: JsonValue) -> Specification:
    """Return a Qwen Image."""
    return model(name, file, "qwen_image", text_encoder=QWEN_VL, autoencoder=VAE_QWEN, **more)


def ltx(name: str, file: str, version: str, **more: JsonValue) -> Specification:
    """Return an LTX, which makes sound, too."""
    return model(
        name,
        file,
        version,
        text_encoder="gemma_3_12b_it_q8p.ckpt",
        autoencoder="ltx_2_video_vae_f16.ckpt",
        additional_clip_encoders=["ltx_2_audio_vae_f16.ckpt"],
        modifier="kontext",
        **more,
    )
