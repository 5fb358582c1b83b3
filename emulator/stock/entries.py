"""The LoRAs, controls and other small files that an emulated server owns, most of them made up."""

from __future__ import annotations

from .specifications import JsonValue, Specification

# What an unknown model falls back to (docs/protocol.md 1.8); like most servers, this one lacks it.
FALLBACK_MODEL = "ltx_2.3_22b_distilled_1.1_q8p.ckpt"
FALLBACK_SPECIFICATION: Specification = {
    "name": "LTX-2.3",
    "file": FALLBACK_MODEL,
    "version": "ltx2.3",
    "prefix": "",
}

FACE_RESTORER = "restoreformer_v1.0_f16.ckpt"
FACE_PARSER = "parsenet_v1.0_f16.ckpt"

# A checkpoint that somebody copied into the folder: listed as a file, specified nowhere.
UNSPECIFIED_MODEL = "my_old_merge_f16.ckpt"


def _lora(name: str, file: str, version: str, **more: JsonValue) -> Specification:
    return {"name": name, "file": file, "prefix": "", "version": version, **more}


LORAS: tuple[Specification, ...] = (
    _lora("Watercolour", "watercolour_v1_lora_f16.ckpt", "v1", prefix="watercolour, "),
    _lora("Aquarell für Anfänger", "aquarell_für_anfänger_v1_lora_f16.ckpt", "v1"),
    _lora("Quick Steps (v1)", "quick_steps_v1_lora_f16.ckpt", "v1", is_consistency_model=True),
    _lora(
        "Linocut XL",
        "linocut_xl_lora_f16.ckpt",
        "sdxl_base_v0.9",
        weight={"value": 0.8, "lower_bound": -1.5, "upper_bound": 2.5},
    ),
    _lora("Clay XL (LoHa)", "clay_xl_loha_f16.ckpt", "sdxl_base_v0.9", is_lo_ha=True),
    _lora(
        "Glass XL (transparent)",
        "glass_xl_transparent_lora_f16.ckpt",
        "sdxl_base_v0.9",
        alternative_decoder="glass_xl_transparent_vae_f16.ckpt",
        alternative_decoder_version="transparent",
    ),
    _lora("Gouache", "gouache_fjord_1_lora_f16.ckpt", "flux1"),
    _lora(
        "Turbo Fjord.1",
        "turbo_fjord_1_lora_f16.ckpt",
        "flux1",
        weight={"value": 1, "lower_bound": 0, "upper_bound": 1},
    ),
    _lora("Fjord.1 Depth (LoRA)", "fjord_1_depth_lora_f16.ckpt", "flux1", modifier="depth"),
    _lora(
        "Quince Lightning 4 Steps",
        "quince_lightning_4_step_lora_f16.ckpt",
        "qwen_image",
        is_consistency_model=True,
    ),
    _lora(
        "Willow Lightning",
        "willow_lightning_14b_lora_f16.ckpt",
        "wan_v2.1_14b",
        is_consistency_model=True,
    ),
    _lora("Paper Cut-Out", "paper_cutout_zephyr_lora_f16.ckpt", "z_image"),
    _lora("Charcoal", "charcoal_fjord_2_cove_4b_lora_f16.ckpt", "flux2_4b"),
)


def _control(
    name: str, file: str, version: str, kind: str = "controlnet", **more: JsonValue
) -> Specification:
    return {
        "name": name,
        "file": file,
        "version": version,
        "type": kind,
        "global_average_pooling": False,
        **more,
    }


CONTROLS: tuple[Specification, ...] = (
    _control(
        "Canny Edge Map (SD v1.x, ControlNet 1.1)",
        "controlnet_canny_1.x_v1.1_f16.ckpt",
        "v1",
        modifier="canny",
    ),
    _control(
        "Depth Map (SD v1.x, ControlNet 1.1)",
        "controlnet_depth_1.x_v1.1_f16.ckpt",
        "v1",
        modifier="depth",
    ),
    _control(
        "Scribble (SD v1.x, ControlNet 1.1)",
        "controlnet_scribble_1.x_v1.1_f16.ckpt",
        "v1",
        modifier="scribble",
        preprocessor="hed_f16.ckpt",
    ),
    _control(
        "Pose (SD v1.x, ControlNet 1.1)",
        "controlnet_openpose_1.x_v1.1_f16.ckpt",
        "v1",
        modifier="pose",
    ),
    _control(
        "LineArt (SD v1.x, ControlNet 1.1)",
        "controlnet_lineart_1.x_v1.1_f16.ckpt",
        "v1",
        modifier="lineart",
    ),
    _control(
        "Inpainting (SD v1.x, ControlNet 1.1)",
        "controlnet_inpaint_1.x_v1.1_f16.ckpt",
        "v1",
        modifier="inpaint",
    ),
    _control(
        "Shuffle (SD v1.x, ControlNet 1.1)",
        "controlnet_shuffle_1.x_v1.1_f16.ckpt",
        "v1",
        modifier="shuffle",
        global_average_pooling=True,
    ),
    _control(
        "Tile (SD v1.x, ControlNet 1.1)", "controlnet_tile_1.x_v1.1_f16.ckpt", "v1", modifier="tile"
    ),
    _control(
        "Color Palette (SD v1.x, T2I Adapter)",
        "t2iadapter_color_1.x_f16.ckpt",
        "v1",
        "t2iadapter",
        modifier="color",
    ),
    _control(
        "IP Adapter Plus (SD v1.x)",
        "ip_adapter_plus_sd_v1.x_open_clip_h14_f16.ckpt",
        "v1",
        "ipadapterplus",
        modifier="shuffle",
        image_encoder="open_clip_vit_h14_vision_model_f16.ckpt",
    ),
    _control(
        "Canny Edge Map (SDXL, ControlNet, Diffusers 1.0 Mid)",
        "controlnet_canny_sdxl_v1.0_mid_f16.ckpt",
        "sdxl_base_v0.9",
        modifier="canny",
        transformer_blocks=[0, 0, 1, 1],
    ),
    _control(
        "Union (XL)",
        "controlnet_union_sd_xl_base_1.0_f16.ckpt",
        "sdxl_base_v0.9",
        "controlnetunion",
    ),
    _control(
        "Union Pro (Fjord.1)",
        "controlnet_union_pro_fjord_1_q8p.ckpt",
        "flux1",
        "controlnetunion",
        transformer_blocks=[0, 1, 2, 3, 4],
    ),
    _control(
        "Canny LoRA (Fjord.1)",
        "controlnet_lora_canny_fjord_1_f16.ckpt",
        "flux1",
        "controlnetlora",
        modifier="canny",
    ),
    _control(
        "Redux (Fjord.1)",
        "redux_fjord_1_f16.ckpt",
        "flux1",
        "redux",
        modifier="shuffle",
        image_encoder="siglip_l27_384_f16.ckpt",
        image_encoder_version="siglip_l27_384",
    ),
    _control(
        "PuLID (Fjord.1)",
        "pulid_fjord_1_f16.ckpt",
        "flux1",
        "pulid",
        modifier="shuffle",
        image_encoder="eva02_l14_336_f16.ckpt",
        image_encoder_version="eva02_l14_336",
    ),
    _control(
        "VACE 14B (Willow 2.1)",
        "willow_v2.1_14b_vace_720p_q8p.ckpt",
        "wan_v2.1_14b",
        modifier="shuffle",
    ),
    _control(
        "Canny (Quince)", "controlnet_canny_quince_image_q8p.ckpt", "qwen_image", modifier="canny"
    ),
)

TEXTUAL_INVERSIONS: tuple[Specification, ...] = (
    {
        "name": "Cosy Room",
        "file": "cosy_room_v1_ti_f16.ckpt",
        "keyword": "cosy_room",
        "length": 4,
        "version": "v1",
    },
    {
        "name": "Clean Hands",
        "file": "clean_hands_v1_ti_f16.ckpt",
        "keyword": "clean_hands",
        "length": 16,
        "version": "v1",
    },
    {
        "name": "Paper World",
        "file": "paper_world_v2_ti_f16.ckpt",
        "keyword": "paper_world",
        "length": 8,
        "version": "v2",
    },
)


def _upscaler(name: str, file: str, factor: int, blocks: int) -> Specification:
    return {"name": name, "file": file, "scale_factor": factor, "blocks": blocks}


# The six that every server knows (docs/protocol.md 1.4).
UPSCALERS: tuple[Specification, ...] = (
    _upscaler("Real-ESRGAN X2+", "realesrgan_x2plus_f16.ckpt", 2, 23),
    _upscaler("Real-ESRGAN X4+", "realesrgan_x4plus_f16.ckpt", 4, 23),
    _upscaler("Real-ESRGAN X4+ Anime", "realesrgan_x4plus_anime_6b_f16.ckpt", 4, 6),
    _upscaler(
        "UniversalUpscaler V2 Sharp", "esrgan_4x_universal_upscaler_v2_sharp_f16.ckpt", 4, 23
    ),
    _upscaler("Remacri", "remacri_4x_f16.ckpt", 4, 23),
    _upscaler("4x UltraSharp", "4x_ultrasharp_f16.ckpt", 4, 23),
)
