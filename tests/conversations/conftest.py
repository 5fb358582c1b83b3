"""The conversations that were recorded with a real server's own service code (recordings/)."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawbridge.devtools.recordings import RECORDINGS


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of models that most conversations were recorded with (its README)."""
    folder = tmp_path_factory.mktemp("models") / "small"
    folder.mkdir()
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
