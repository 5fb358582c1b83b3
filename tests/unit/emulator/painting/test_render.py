"""The emulator's pictures: the same twice, and different with everything a person can change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drawbridge.emulator.painting.render import Scene, paint

SCENE = Scene("a mountain lake at sunset", 192, 128, seed=7, steps=20, guidance=4.5)


def test_paint_same_scene_gives_same_picture():
    assert np.array_equal(paint(SCENE), paint(SCENE))


@pytest.mark.parametrize(("width", "height"), [(64, 64), (64, 512), (512, 64), (320, 192)])
def test_paint_gives_the_size_that_was_asked_for(width: int, height: int):
    picture = paint(replace(SCENE, width=width, height=height))
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.float32
    assert np.isfinite(picture).all()
    assert np.abs(picture).max() < 1.6


@pytest.mark.parametrize(
    ("change", "least"),
    [
        ({"prompt": "a pine forest in the mist"}, 20),
        ({"prompt": "a mountain lake at sunset, violet"}, 3),
        ({"seed": 8}, 5),
        ({"steps": 2}, 5),
        ({"guidance": 12.0}, 4),
        ({"negative_prompt": "sunset"}, 5),
        ({"model": "sd_v1.5_f16.ckpt"}, 0.2),
        ({"sampler": 3}, 0.2),
        ({"shift": 3.0}, 0.2),
    ],
)
def test_paint_depends_on_every_setting(change: dict, least: float):
    levels = np.abs(paint(replace(SCENE, **change)) - paint(SCENE)).mean() * 127.5
    assert levels > least


def test_paint_with_few_steps_is_softer():
    def roughness(steps: int) -> float:
        return float(np.abs(np.diff(paint(replace(SCENE, steps=steps)), axis=1)).mean())

    assert roughness(2) < roughness(6) < roughness(30)


def test_paint_with_more_guidance_has_more_contrast():
    spreads = [float(paint(replace(SCENE, guidance=value)).std()) for value in (1.0, 5.0, 12.0)]
    assert spreads == sorted(spreads)


def test_paint_at_another_size_keeps_the_composition():
    large = paint(replace(SCENE, width=384, height=256))
    small = large.reshape(128, 2, 192, 2, 3).mean(axis=(1, 3))
    correlation = np.corrcoef(small.ravel(), paint(SCENE).ravel())[0, 1]
    assert correlation > 0.95


@pytest.mark.parametrize("guidance", [float("nan"), float("inf"), -3.0])
def test_paint_with_impossible_guidance_stays_finite(guidance: float):
    assert np.isfinite(paint(replace(SCENE, guidance=guidance))).all()
