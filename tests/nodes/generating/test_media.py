"""Frames and sound become ComfyUI's VIDEO, at the rate that fits the model."""

from __future__ import annotations

from fractions import Fraction

import comfy_api.latest
import pytest
import torch

from drawbridge.client.catalog.records import ModelSpec
from drawbridge.client.generation.results import audio_rate
from drawbridge.codec.audio import Sound
from drawbridge.nodes.generating.media import frame_rate, video

FRAMES = torch.rand(9, 64, 128, 3)


@pytest.mark.parametrize(
    ("version", "own", "fps"),
    [
        *(("hunyuan_video", 0, 30), ("wan_v2.1_14b", 0, 16), ("wan_v2.2_5b", 0, 24)),
        *(("ltx2.3", 0, 25), ("svd_i2v", 0, 30), ("not yet known", 0, 30)),
        *(("ltx2.3", 50, 50), ("wan_v2.1_14b", 12.5, 12.5)),
        *(("ltx2.3", 1e-5, 25), ("ltx2.3", 9e8, 25), ("ltx2.3", -3, 25)),
    ],
)
def test_frame_rate_is_the_models_own_or_its_versions(version: str, own: float, fps: float) -> None:
    assert frame_rate(ModelSpec("file", "name", version, frames_per_second=own), version) == fps
    if not own:
        assert frame_rate(None, version) == fps


@pytest.mark.parametrize(
    ("version", "rate"), [("ltx2", 24000), ("ltx2.3", 48000), ("v1", 24000), ("new", 24000)]
)
def test_audio_rate_follows_from_the_version(version: str, rate: int) -> None:
    assert audio_rate(version) == rate


def test_video_holds_frames_sound_and_rate() -> None:
    sound = Sound(waveform=torch.rand(1, 2, 480), sample_rate=48000)
    made = video(FRAMES, 25.0, sound)
    assert isinstance(made, comfy_api.latest.InputImpl.VideoFromComponents)
    assert made.get_dimensions() == (128, 64)
    assert made.get_duration() == pytest.approx(9 / 25)
    parts = made.get_components()
    assert torch.equal(parts.images, FRAMES)
    assert torch.equal(parts.audio["waveform"], sound["waveform"])
    assert parts.audio["sample_rate"] == 48000
    assert parts.frame_rate == 25


def test_video_takes_neither_alpha_nor_a_second_sound() -> None:
    sounds = Sound(waveform=torch.rand(2, 2, 480), sample_rate=48000)
    made = video(torch.rand(2, 64, 64, 4), 23.976, sounds)
    assert isinstance(made, comfy_api.latest.InputImpl.VideoFromComponents)
    parts = made.get_components()
    assert parts.images.shape == (2, 64, 64, 3)
    assert torch.equal(parts.audio["waveform"], sounds["waveform"][:1])
    assert parts.frame_rate == Fraction("23.976")


@pytest.mark.parametrize(
    ("sides", "kept"), [((65, 127), (64, 126)), ((1, 64), None), ((64, 1), None)]
)
def test_video_has_sides_that_a_file_can_have(
    sides: tuple[int, int], kept: tuple[int, int] | None
) -> None:
    made = video(torch.rand(2, *sides, 3), 25.0)
    if kept is None:
        assert made is None
    else:
        assert isinstance(made, comfy_api.latest.InputImpl.VideoFromComponents)
        assert made.get_components().images.shape == (2, *kept, 3)


def test_host_without_the_type_gets_no_video(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(comfy_api.latest, "InputImpl")
    assert video(FRAMES, 25.0) is None
