"""The conversations that were recorded with a real server's own service code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).resolve().parents[1] / "tests" / "conversations" / "recordings"


def recording(name: str) -> Any:
    """Return what one file of the recordings holds."""
    return json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))


def make_small(folder: Path) -> Path:
    """Fill the folder of models that most conversations were recorded with (its README)."""
    for name in (
        *("my_model_f16.ckpt", "my_lora_f16.ckpt", "my_control_f16.ckpt", "my_ti_f16.ckpt"),
        *("my_up_f16.ckpt", "sd_v1.5_f16.ckpt", "sd_v1.4_f16.ckpt", "clip_vit_l14_f16.ckpt"),
        *("vae_ft_mse_840000_f16.ckpt", "flux_1_dev_q8p.ckpt", "t5_xxl_encoder_q6p.ckpt"),
        *("flux_1_vae_f16.ckpt", "UPPER.CKPT", "tcd_sd_v1.5_lora_f16.ckpt"),
        *("controlnet_canny_1.x_v1.1_f16.ckpt", "realesrgan_x4plus_f16.ckpt"),
        *("unknown_model_f16.ckpt", "ünïcode_f16.ckpt", ".hidden.ckpt", "notes.txt"),
    ):
        (folder / name).write_bytes(b"dummy")
    (folder / "empty_f16.ckpt").touch()
    (folder / "folder.ckpt").mkdir()
    for listed in (RECORDINGS / "small").iterdir():
        (folder / listed.name).write_bytes(listed.read_bytes())
    return folder


def make_full(folder: Path) -> Path:
    """Fill the folder that has every file of a server's built-in lists."""
    for name in recording("echo_full_catalogue")["reply"]["files"]:
        (folder / name).write_bytes(b"dummy")
    return folder
