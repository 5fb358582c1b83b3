"""Previews: each latent space by its own numbers, and nothing that a server sends may raise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from drawbridge.codec import latent
from drawbridge.codec.tensor import decode, encode
from drawbridge.facts import latent_spaces
from drawbridge.facts.latent_spaces import Kind, LatentSpace
from drawbridge.facts.versions import VERSIONS

RECORDS = json.loads(Path(latent_spaces.__file__).with_name("latent_rgb.json").read_text("utf-8"))
SPACES = latent_spaces.latent_spaces()
BY_NAME = {space.name: space for space in SPACES}
# docs/protocol.md 7
VERSIONS_OF = {
    "sd1": ("v1", "v2", "svd_i2v"),
    "sd3": ("sd3", "sd3_large"),
    "flux1": ("flux1", "hidream_i1", "z_image", "seedvr2_3b", "seedvr2_7b"),
    "flux2": ("ernie_image", "flux2", "flux2_9b", "flux2_4b", "ideogram_4"),
    "hunyuan_video": ("hunyuan_video",),
    "wan21": (
        *("wan_v2.1_1.3b", "wan_v2.1_14b", "qwen_image", "cosmos2.5_2b", "krea_2"),
        "longcat_video_avatar_v1.5",
    ),
    "wan22_5b": ("wan_v2.2_5b",),
    "sdxl": ("sdxl_base_v0.9", "sdxl_refiner_v0.9", "ssd_1b", "pixart", "auraflow"),
    "wurstchen_4ch": ("wurstchen_v3.0_stage_c", "wurstchen_v3.0_stage_b"),
    "wurstchen_3ch": ("wurstchen_v3.0_stage_c", "wurstchen_v3.0_stage_b"),
    "hidream_o1": ("hidream_o1",),
    "kandinsky": ("kandinsky2.1",),
    "ltx": ("ltx2", "ltx2.3"),
    "minimax_h3": ("minimax_h3",),
    "qwen_image_2.1": ("qwen_image_2.1",),
}


def latents_of(
    space: LatentSpace, seed: int = 0, dims: tuple[int, int, int] = (2, 5, 7)
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((*dims, space.channels)).astype(np.float16)


def described(latents: np.ndarray, record: dict) -> np.ndarray:
    """Colours as the data file describes them, computed one value at a time in float64."""
    wide = latents.astype(np.float64)
    total = np.zeros((*latents.shape[:-1], 3))
    for channel, weights in enumerate(record["matrix"]):
        for colour, weight in enumerate(weights):
            total[..., colour] += wide[..., channel] * weight
    return total + record["bias"]


def assert_within_one_level(got: torch.Tensor | None, wanted: np.ndarray) -> None:
    assert got is not None
    assert got.dtype == torch.uint8
    assert got.shape == wanted.shape
    assert np.abs(got.numpy().astype(int) - np.clip(wanted, 0, 255).astype(int)).max() <= 1


def test_every_space_of_the_data_is_there() -> None:
    assert set(BY_NAME) == {name for name in RECORDS if name != "_format"} == set(VERSIONS_OF)
    assert {version for known in VERSIONS_OF.values() for version in known} == set(VERSIONS)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_space_is_found_by_version_and_channels(space: LatentSpace) -> None:
    for version in VERSIONS:
        found = latent_spaces.find(version, space.channels)
        assert (found is space) == (version in VERSIONS_OF[space.name])
        assert latent_spaces.find(version, space.channels + 1) is not space


@pytest.mark.parametrize(
    "space", [BY_NAME[n] for n, r in RECORDS.items() if r.get("kind") in ("linear", "direct")]
)
def test_linear_preview_is_the_product_described(space: LatentSpace) -> None:
    record, latents = RECORDS[space.name], latents_of(space)
    if space.kind is Kind.DIRECT:
        latents = np.abs(latents) / 3
    wanted = described(latents, record) * record["scale"] + record["offset"]
    for version in VERSIONS_OF[space.name]:
        sound = 2 if version == "minimax_h3" else 0  # rows of it in five
        assert_within_one_level(latent.preview(latents, version), wanted[:, : 5 - sound])


def test_direct_preview_is_rounded() -> None:
    latents = (np.arange(256, dtype=np.float32).repeat(3) / 255).reshape(1, 16, 16, 3)
    got = latent.preview(latents.astype(np.float16), "wurstchen_v3.0_stage_c")
    assert got is not None
    assert np.array_equal(got.numpy()[..., 0].reshape(-1), np.arange(256))


def test_wurstchen_s_two_previews_are_told_apart_by_channels() -> None:
    names = []
    for channels in (3, 4):
        space = latent_spaces.find("wurstchen_v3.0_stage_c", channels)
        assert space is not None
        names.append(space.name)
    assert names == ["wurstchen_3ch", "wurstchen_4ch"]


def test_patches_unfold_to_their_pixels() -> None:
    space = BY_NAME["hidream_o1"]
    latents = latents_of(space, dims=(2, 2, 3)).clip(-1, 1)
    got = latent.preview(latents, "hidream_o1")
    assert got is not None
    assert got.shape == (2, 64, 96, 3)
    for cell_y, cell_x, colour, y, x in [(0, 0, 0, 0, 0), (1, 2, 1, 5, 31), (0, 1, 2, 31, 4)]:
        value = float(latents[1, cell_y, cell_x, colour * 1024 + y * 32 + x])
        pixel = int(got[1, cell_y * 32 + y, cell_x * 32 + x, colour])
        assert abs(pixel - (value * 127.5 + 127.5)) <= 1


def test_oklab_preview_goes_through_the_encoding_curve() -> None:
    space, record = BY_NAME["kandinsky"], RECORDS["kandinsky"]
    latents = latents_of(space)
    lab = described(latents, record)
    tables = record["oklab_to_linear"]
    lms = np.einsum("rc,...c->...r", np.array(tables["lms_cube_root"]), lab) ** 3
    linear = np.einsum("rc,...c->...r", np.array(tables["lms_to_rgb"]), lms).clip(0)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert_within_one_level(latent.preview(latents, "kandinsky2.1"), curved * 255)


def test_oklab_white_is_white() -> None:
    """L 1, a 0, b 0, from the latent that the matrix maps there."""
    space = BY_NAME["kandinsky"]
    matrix, bias = np.array(space.matrix), np.array(space.bias)
    cell = np.linalg.lstsq(matrix.T, np.array([1.0, 0, 0]) - bias, rcond=None)[0]
    got = latent.preview(cell.astype(np.float32).reshape(1, 1, 1, 4), "kandinsky2.1")
    assert got is not None
    assert (got >= 253).all()


def test_version_without_a_table_shows_nothing() -> None:
    assert latent.preview(latents_of(BY_NAME["ltx"]), "ltx2") is None
    assert latent.preview(latents_of(BY_NAME["sd1"]), "some_model_of_tomorrow") is None
    assert latent.preview(latents_of(BY_NAME["sd1"]), "flux1") is None


@pytest.mark.parametrize(
    "space",
    [pytest.param(one, id=one.name) for one in SPACES if one.kind is not Kind.NONE],
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_black_and_spoil_no_others(space, value) -> None:
    latents = latents_of(space)
    clean = latent.preview(latents, VERSIONS_OF[space.name][0])
    latents[0, 0, 0] = value
    got = latent.preview(latents, VERSIONS_OF[space.name][0])
    assert got is not None
    assert clean is not None
    side = space.patch or 1
    assert not got[0, :side, :side].any()
    assert torch.equal(got[1], clean[1])
    assert torch.equal(got[0, side:], clean[0, side:])


@given(
    hnp.arrays(
        st.sampled_from([np.float16, np.float32, np.float64, np.uint8, np.int32, np.bool_]),
        hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)
        | st.sampled_from(
            [(1, 2, 2, 16), (2, 1, 3, 32), (1, 1, 1, 48), (1, 1, 1, 3072), (2, 3, 2, 24)]
        ),
    ),
    st.sampled_from([*VERSIONS, "", "nothing"]),
)
@settings(max_examples=150)
def test_nothing_that_a_server_sends_raises(latents: np.ndarray, version: str) -> None:
    got = latent.preview(latents, version)
    assert got is None or (got.dtype == torch.uint8 and got.shape[-1] == 3)


def test_preview_of_an_answer_s_own_bytes_leaves_them_alone() -> None:
    data = encode(latents_of(BY_NAME["hidream_o1"], dims=(1, 2, 2)))
    kept = bytes(bytearray(data))
    assert latent.preview(decode(data), "hidream_o1") is not None
    wide = decode(encode(latents_of(BY_NAME["hidream_o1"], dims=(1, 2, 2)).astype(np.float32)))
    before = wide.copy()
    assert latent.preview(wide, "hidream_o1") is not None
    assert np.array_equal(wide, before)
    assert data == kept


@pytest.mark.parametrize(
    ("dims", "rows"),
    [
        ((1, 17, 24, 128), 16),
        ((13, 17, 24, 128), 16),
        ((4, 10, 3, 128), 7),
        ((1, 1, 24, 128), 1),
        ((16, 3, 1, 128), 3),
    ],
)
def test_rows_of_sound_are_cut_off(dims: tuple[int, ...], rows: int) -> None:
    frames, _, width, _ = dims
    latents = np.random.default_rng(8).random(dims).astype(np.float16)
    cut = latent.cut_audio_rows(latents, "ltx2")
    assert np.array_equal(cut, latents[:, :rows])
    if rows < dims[1]:
        audio_frames = (frames - 1) * 8 + 1
        assert (dims[1] - rows) * width * frames >= audio_frames
        assert (dims[1] - rows - 1) * width * frames < audio_frames


# docs/protocol.md 16.3: 832 x 512 and 1344 x 768 at 124 frames, 512 x 512 at 22; then two rows
@pytest.mark.parametrize(
    ("frames", "width", "height", "rows"),
    [(37, 832, 512, 1), (37, 1344, 768, 1), (7, 512, 512, 1), (2, 256, 256, 1), (2, 128, 192, 2)],
)
def test_minimax_previews_show_the_picture_above_their_sound(
    frames: int, width: int, height: int, rows: int
) -> None:
    picture = np.random.default_rng(3).standard_normal((frames, height // 16, width // 16, 24))
    sound = np.full((frames, rows, width // 16, 24), 40.0)
    latents = np.concatenate([picture, sound], axis=1).astype(np.float16)
    got = latent.preview(latents, "minimax_h3")
    wanted = described(picture.astype(np.float16), RECORDS["minimax_h3"]) * 127.5 + 127.5
    assert_within_one_level(got, wanted)


def test_rows_are_not_cut_off_what_is_no_video() -> None:
    assert latent.cut_audio_rows(np.zeros((3, 4)), "ltx2").shape == (3, 4)
    assert latent.cut_audio_rows(np.zeros((1, 0, 4, 128)), "ltx2").shape == (1, 0, 4, 128)
