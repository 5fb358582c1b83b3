"""The table of model versions."""

from __future__ import annotations

import pytest

from drawbridge.facts import latent_spaces, versions
from drawbridge.facts.app_settings import RECOMMENDED, recommended
from drawbridge.facts.model_version import FrameRule, Kind
from drawbridge.facts.samplers import FLOW_SAMPLERS, Sampler
from drawbridge.facts.versions import VERSIONS, takes_lora, takes_refiner

_FLOW_PREFIXES = (
    *("sd3", "auraflow", "flux", "hunyuan_video", "wan", "hidream", "qwen_image", "z_image"),
    *("ernie_image", "cosmos", "ideogram_4", "krea_2", "ltx", "seedvr2", "longcat", "minimax_h3"),
)


def test_all_versions_of_the_protocol_are_there() -> None:
    assert len(VERSIONS) == 36
    assert all(row.id == version for version, row in VERSIONS.items())


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_flow_versions_take_only_flow_samplers(version: str) -> None:
    row = VERSIONS[version]
    assert row.flow is version.startswith(_FLOW_PREFIXES)
    assert row.samplers == (FLOW_SAMPLERS if row.flow else frozenset(Sampler))


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_latent_channels_agree_with_the_preview_table(version: str) -> None:
    row = VERSIONS[version]
    if version == "wurstchen_v3.0_stage_c":
        assert row.channels == 16  # its previews are decoded already
    elif version.startswith("ltx"):
        assert row.channels == 128
    else:
        assert latent_spaces.find(version, row.channels) is not None


def test_videos_are_the_versions_that_return_frames() -> None:
    videos = {version for version, row in VERSIONS.items() if row.kind is Kind.VIDEO}
    assert videos == {
        *("svd_i2v", "hunyuan_video", "wan_v2.1_1.3b", "wan_v2.1_14b", "wan_v2.2_5b"),
        *("ltx2", "ltx2.3", "longcat_video_avatar_v1.5", "minimax_h3"),
    }
    assert all(VERSIONS[version].frame_rule for version in videos)


@pytest.mark.parametrize(
    ("version", "asked", "given"),
    [
        *(("svd_i2v", 14, 14), ("wan_v2.1_14b", 81, 81), ("wan_v2.1_14b", 80, 77)),
        *(("ltx2", 121, 121), ("ltx2", 100, 97), ("flux1", 14, 1)),
        *(("minimax_h3", 124, 124), ("minimax_h3", 100, 100), ("minimax_h3", 1, 1)),
    ],
)
def test_frames_are_those_that_whole_latents_give(version: str, asked: int, given: int) -> None:
    assert VERSIONS[version].frames(asked) == given


def test_only_ltx_and_minimax_send_sound() -> None:
    rates = {version: row.audio_rate for version, row in VERSIONS.items() if row.audio_rate}
    assert rates == {"ltx2": 24000, "ltx2.3": 48000, "minimax_h3": 32000}


# docs/protocol.md 10 and 16.3
@pytest.mark.parametrize(
    ("version", "frames", "samples"),
    [
        *(("ltx2", 121, 240 * 481), ("ltx2.3", 9, 480 * 33)),
        *(("minimax_h3", 124, 165600), ("minimax_h3", 22, 29600)),
    ],
)
def test_sound_is_as_long_as_its_frames(version: str, frames: int, samples: int) -> None:
    sound = VERSIONS[version].sound
    assert sound is not None
    assert sound.samples(frames) == samples


# docs/protocol.md 5.4
@pytest.mark.parametrize(
    ("version", "blocks", "shift"),
    [("flux1", 16, 3.158), ("qwen_image_2.1", 24, 2.590), ("qwen_image_2.1", 16, 2.001)],
)
def test_shift_follows_from_the_size(version: str, blocks: int, shift: float) -> None:
    assert VERSIONS[version].size_shift.at(blocks, blocks) == pytest.approx(shift, abs=5e-4)


def test_alpha_is_read_of_references_by_one_version() -> None:
    assert versions.reads_alpha("qwen_image_2.1", "kontext")
    assert not versions.reads_alpha("qwen_image_2.1", "none")
    assert not versions.reads_alpha("qwen_image", "kontext")
    assert not versions.reads_alpha("some_version_of_tomorrow", "kontext")


def test_an_unknown_version_is_none() -> None:
    assert versions.find("flux9") is None
    assert versions.find("") is None


def test_refiners_and_loras_of_kin_versions_fit() -> None:
    assert takes_refiner("sdxl_base_v0.9", "sdxl_refiner_v0.9")
    assert takes_refiner("flux1", "flux1")
    assert not takes_refiner("flux1", "sd3")
    assert takes_lora("kandinsky2.1", "v1")
    assert not takes_lora("v1", "kandinsky2.1")


def test_recommendations_are_possible_settings() -> None:
    for row in RECOMMENDED:
        known = VERSIONS[row.version]
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
        ("minimax_h3_ref2va_q8p.ckpt", "minimax_h3", 50),
        ("qwen_image_2.1_q8p.ckpt", "qwen_image_2.1", 40),
        ("qwen_image_2.1_turbo_q8p.ckpt", "qwen_image_2.1", 8),
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


# docs/protocol.md 16.3: frames asked for, latent frames, frames that they are decoded to
@pytest.mark.parametrize(
    ("asked", "latents", "decoded"),
    [
        *((1, 1, 1), (5, 2, 5), (6, 7, 22), (22, 7, 22), (73, 22, 73), (107, 32, 107)),
        *((108, 37, 124), (124, 37, 124), (125, 42, 141), (201, 62, 209), (362, 107, 362)),
    ],
)
def test_a_rule_may_count_in_groups_of_several_latents(
    asked: int, latents: int, decoded: int
) -> None:
    rule = FrameRule(17, latents=5, head_frames=5, head_latents=2, rounds_up=True)
    assert rule.latent_frames(asked) == latents
    assert rule.decoded_frames(latents) == decoded
    assert rule.shortest == 5


@pytest.mark.parametrize(("step", "shortest"), [(1, 2), (4, 5), (8, 9)])
def test_the_shortest_clip_has_a_latent_frame_more_than_a_picture(step: int, shortest: int) -> None:
    rule = FrameRule(step)
    assert rule.shortest == shortest
    assert rule.latent_frames(shortest) == 2
    assert rule.latent_frames(shortest - 1) == 1


def test_depth_is_for_stable_diffusion_and_flux() -> None:
    """docs/protocol.md 4.8: elsewhere the modifier ends a server."""
    assert {row.id for row in VERSIONS.values() if row.depth_variant} == {
        *("v1", "v2", "kandinsky2.1", "sdxl_base_v0.9", "sdxl_refiner_v0.9", "ssd_1b", "flux1"),
    }


def test_pictures_are_needed_and_masks_refused_where_the_result_would_be_empty() -> None:
    needing = {row.id for row in VERSIONS.values() if row.needs_image}
    assert needing == {"svd_i2v", "seedvr2_3b", "seedvr2_7b", "longcat_video_avatar_v1.5"}
    refusing = {row.id for row in VERSIONS.values() if row.forbids_mask}
    assert refusing == {"longcat_video_avatar_v1.5"}


def test_a_row_is_registered_for_a_while() -> None:
    row = VERSIONS["flux1"]._replace(id="flux9", name="FLUX 9")
    with versions.registered(row):
        assert versions.find("flux9") is VERSIONS["flux9"] is row
        with pytest.raises(ValueError, match="flux9"), versions.registered(row):
            pass
        assert versions.find("flux9") is row
    assert versions.find("flux9") is None
    assert len(VERSIONS) == 36
