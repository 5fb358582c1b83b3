"""Previews: latents of every version's own form, which turn back into the picture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drawbridge.codec import latent
from drawbridge.emulator.painting.latents import Previews, Stage
from drawbridge.emulator.painting.render import Scene, paint
from drawbridge.emulator.painting.texture import resize
from drawbridge.emulator.server import replies
from drawbridge.facts.versions import VERSIONS

WIDTH, HEIGHT = 384, 256
STAGE_C = "wurstchen_v3.0_stage_c"
FRAME = np.clip(paint(Scene("a lake at sunset", WIDTH, HEIGHT, 3, 20, 4.5)), -1, 1)
SILENT = [version for version in VERSIONS.values() if not version.audio_rate]


def previews(version: str, frames: int = 1, stage: Stage = Stage.ONLY) -> Previews:
    return Previews(VERSIONS[version], [FRAME] * frames, WIDTH, HEIGHT, seed=1, stage=stage)


@pytest.mark.parametrize("version", [version.id for version in SILENT if not version.two_stages])
def test_last_preview_looks_like_the_picture(version: str):
    latents = previews(version).at(1.0).astype(np.float16)
    assert latents.shape[-1] == VERSIONS[version].channels
    assert latents.shape[1:3] == (
        HEIGHT // VERSIONS[version].pixels_per_cell,
        WIDTH // VERSIONS[version].pixels_per_cell,
    )
    colours = latent.preview(latents, version)
    assert colours is not None
    shown = colours.numpy()[0].astype(np.float32)
    wanted = (resize(FRAME, *shown.shape[:2]) + 1) * 127.5
    assert np.abs(shown - wanted).mean() < 3
    assert np.abs(shown - wanted).max() < 30


@pytest.mark.parametrize(
    ("stage", "shape"), [(Stage.FIRST, (1, 48, 72, 3)), (Stage.SECOND, (1, 64, 96, 4))]
)
def test_stable_cascade_has_two_kinds_of_previews(stage: Stage, shape: tuple):
    latents = previews(STAGE_C, stage=stage).at(1.0).astype(np.float16)
    assert latents.shape == shape
    colours = latent.preview(latents, STAGE_C)
    assert colours is not None
    wanted = (resize(FRAME, *colours.shape[1:3]) + 1) * 127.5
    assert np.abs(colours.numpy()[0] - wanted).mean() < 3


@pytest.mark.parametrize(("frames", "rows"), [(1, 8 + 1), (4, 8 + 1), (16, 8 + 1)])
def test_sound_lies_below_the_picture(frames: int, rows: int):
    # 384 px are 12 cells: ceil(((frames - 1) * 8 + 1) / (12 * frames)) is one row.
    latents = previews("ltx2.3", frames).at(1.0)
    assert latents.shape == (frames, rows, 12, 128)


def test_previews_come_closer_from_step_to_step():
    several = previews("flux1")
    final = several.at(1.0)
    distances = [float(np.abs(several.at(done) - final).mean()) for done in (0.1, 0.4, 0.7, 0.95)]
    assert distances == sorted(distances, reverse=True)


@pytest.mark.parametrize("version", ["v1", "flux1", "wan_v2.2_5b", "ltx2", "hidream_o1"])
def test_early_previews_are_too_noisy_to_compress_and_late_ones_are_not(version: str):
    several = previews(version)
    early, late = (
        replies.encode(several.at(done), compress=True, float32=False) for done in (0.05, 0.95)
    )
    assert early[:4] == b"\0\0\0\0"
    assert late[:4] == (0xF7217).to_bytes(4, "little")


def test_emulator_does_without_torch(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[4]
    program = (
        f"import sys; sys.path.insert(0, {str(root)!r}); import checkout; checkout.register();"
        "import drawbridge.emulator.server.server; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
