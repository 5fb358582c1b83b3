"""The server that the public guide talks to: an emulator that owns the files the guide names."""

from __future__ import annotations

import json
from pathlib import Path

SCHNELL = "flux_1_schnell_q8p.ckpt"
DEV = "flux_1_dev_f16.ckpt"
SD15 = "sd_v1.5_f16.ckpt"
SDXL = "sd_xl_base_1.0_f16.ckpt"
EDIT = "qwen_image_edit_2511_q8p.ckpt"
LCM = "lcm_sd_xl_base_1.0_lora_f16.ckpt"  # every server knows it by itself
OWN_LORA = "guide_style_sd_xl_lora_f16.ckpt"
CANNY = "controlnet_canny_1.x_v1.1_f16.ckpt"
CONTENT = b"not really a model"

_FLUX = {
    **{"prefix": "", "version": "flux1", "upcast_attention": False, "default_scale": 16},
    **{"text_encoder": "t5_xxl_encoder_q6p.ckpt", "clip_encoder": "clip_vit_l14_f16.ckpt"},
    "autoencoder": "flux_1_vae_f16.ckpt",
}
# Not among the server's own lists, as on a real server.
DEV_SPECIFICATION = {**_FLUX, "name": "FLUX.1 [dev]", "file": DEV, "guidance_embed": True}
_CUSTOM: dict[str, list[dict[str, object]]] = {
    "custom.json": [
        {**_FLUX, "name": "FLUX.1 [schnell]", "file": SCHNELL, "is_consistency_model": True},
        {
            **{"name": "SDXL Base 1.0 (f16)", "file": SDXL, "prefix": ""},
            **{"version": "sdxl_base_v0.9", "upcast_attention": False, "default_scale": 16},
            **{"text_encoder": "open_clip_vit_bigg14_f16.ckpt"},
            **{"clip_encoder": "clip_vit_l14_f16.ckpt", "autoencoder": "sdxl_vae_v1.0_f16.ckpt"},
        },
        {
            **{"name": "Qwen Image Edit 2511 (8-bit)", "file": EDIT, "prefix": ""},
            **{"version": "qwen_image", "upcast_attention": False, "default_scale": 16},
            **{"text_encoder": "qwen_2.5_vl_7b_q8p.ckpt"},
            **{"autoencoder": "qwen_image_vae_f16.ckpt", "modifier": "qwenimage_edit_2511"},
        },
    ],
    "custom_lora.json": [
        {
            **{"name": "Guide style (SDXL)", "file": OWN_LORA, "prefix": ""},
            **{"version": "sdxl_base_v0.9"},
            "weight": {"value": 1.0, "lower_bound": -1.5, "upper_bound": 2.5},
        }
    ],
    "custom_controlnet.json": [
        {
            **{"name": "Canny (guide)", "file": CANNY, "version": "v1", "type": "controlnet"},
            **{"modifier": "canny", "global_average_pooling": False},
        }
    ],
}


def fill(folder: Path) -> Path:
    """Put the guide's files and the server's lists of them into a folder, and return it."""
    for name, entries in _CUSTOM.items():
        (folder / name).write_text(json.dumps(entries), encoding="utf-8")
        for entry in entries:
            (folder / str(entry["file"])).write_bytes(CONTENT)
    for name in (DEV, LCM):
        (folder / name).write_bytes(CONTENT)
    return folder
