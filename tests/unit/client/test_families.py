"""The table of model versions."""

from __future__ import annotations

import pytest

from drawbridge.codec import latent
from drawbridge.facts.app_settings import RECOMMENDED, recommended
from drawbridge.facts.samplers import FLOW_SAMPLERS, Sampler
from drawbridge.facts.versions import FAMILIES, Kind, family, takes_lora, takes_refiner

_FLOW_PREFIXES = (
    *("sd3", "auraflow", "flux", "hunyuan_video", "wan", "hidream", "qwen_image", "z_image"),
    *("ernie_image", "cosmos", "ideogram_4", "krea_2", "ltx", "seedvr2", "longcat"),
)


def test_all_versions_of_the_protocol_are_there() -> None:
    assert len(FAMILIES) == 34
    assert all(row.version == version for version, row in FAMILIES.items())


@pytest.mark.parametrize("version", sorted(FAMILIES))
def test_flow_versions_take_only_flow_samplers(version: str) -> None:
    row = FAMILIES[version]
    assert row.flow is version.startswith(_FLOW_PREFIXES)
    assert row.samplers == (FLOW_SAMPLERS if row.flow else frozenset(Sampler))


@pytest.mark.parametrize("version", sorted(FAMILIES))
def test_latent_channels_agree_with_the_preview_table(version: str) -> None:
    row = FAMILIES[version]
    if version == "wurstchen_v3.0_stage_c":
        assert row.channels == 16  # its previews are decoded already
    elif version.startswith("ltx"):
        assert row.channels == 128
    else:
        assert latent.family(version, row.channels) is not None


def test_videos_are_the_versions_that_return_frames() -> None:
    videos = {version for version, row in FAMILIES.items() if row.kind is Kind.VIDEO}
    assert videos == {
        *("svd_i2v", "hunyuan_video", "wan_v2.1_1.3b", "wan_v2.1_14b", "wan_v2.2_5b"),
        *("ltx2", "ltx2.3", "longcat_video_avatar_v1.5"),
    }
    assert all(FAMILIES[version].frames_per_latent for version in videos)


@pytest.mark.parametrize(
    ("version", "asked", "given"),
    [
        *(("svd_i2v", 14, 14), ("wan_v2.1_14b", 81, 81), ("wan_v2.1_14b", 80, 77)),
        *(("ltx2", 121, 121), ("ltx2", 100, 97), ("flux1", 14, 1)),
    ],
)
def test_frames_are_those_that_whole_latents_give(version: str, asked: int, given: int) -> None:
    assert FAMILIES[version].frames(asked) == given


def test_only_ltx_sends_sound() -> None:
    rates = {version: row.audio_rate for version, row in FAMILIES.items() if row.audio_rate}
    assert rates == {"ltx2": 24000, "ltx2.3": 48000}


def test_an_unknown_version_is_none() -> None:
    assert family("flux9") is None
    assert family("") is None


def test_refiners_and_loras_of_kin_versions_fit() -> None:
    assert takes_refiner("sdxl_base_v0.9", "sdxl_refiner_v0.9")
    assert takes_refiner("flux1", "flux1")
    assert not takes_refiner("flux1", "sd3")
    assert takes_lora("kandinsky2.1", "v1")
    assert not takes_lora("v1", "kandinsky2.1")


def test_recommendations_are_possible_settings() -> None:
    for row in RECOMMENDED:
        known = FAMILIES[row.version]
        assert row.sampler is None or row.sampler in known.samplers, row
        assert all(size is None or size % 64 == 0 for size in (row.width, row.height)), row
        assert (row.num_frames is not None) <= known.is_video, row
        assert row.num_frames is None or known.frames(row.num_frames) == row.num_frames, row


@pytest.mark.parametrize(
    ("file", "version", "steps"),
    [
        ("flux_1_schnell_q8p.ckpt", "flux1", 4),
        ("flux_1_dev_q8p.ckpt", "flux1", 28),
        ("my_own_flux.ckpt", "flux1", 28),
        ("wan_v2.1_14b_i2v_480p_q6p.ckpt", "wan_v2.1_14b", 30),
        ("ernie_image_turbo_q6p.ckpt", "ernie_image", 8),
        ("ltx_2.3_22b_distilled_1.1_q8p.ckpt", "ltx2.3", 8),
    ],
)
def test_the_longest_matching_file_name_decides(file: str, version: str, steps: int) -> None:
    row = recommended(file, version)
    assert row is not None
    assert row.steps == steps


def test_480p_and_720p_image_to_video_differ_in_shift() -> None:
    small = recommended("wan_v2.1_14b_i2v_480p_q6p.ckpt", "wan_v2.1_14b")
    large = recommended("wan_v2.1_14b_i2v_720p_q6p.ckpt", "wan_v2.1_14b")
    assert small is not None
    assert large is not None
    assert (small.shift, large.shift) == (3, 5)


def test_a_version_without_a_recommendation_has_none() -> None:
    assert recommended("a.ckpt", "pixart") is None
