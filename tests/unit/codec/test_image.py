"""Pictures to the wire and back: every level exact, the rest close, nothing untrue."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from drawbridge.codec import blocks, image
from drawbridge.codec.tensor import Codec, decode, encode
from drawbridge.errors import BadTensor, GenerationFailed, RequestRejected

# Each level in each channel, as ComfyUI's LoadImage makes them.
LEVELS = np.arange(768, dtype=np.uint8).reshape(1, 16, 16, 3)
LOADED = torch.from_numpy(LEVELS.astype(np.float32) / 255.0)


def saved(images: torch.Tensor) -> np.ndarray:
    """The bytes that ComfyUI's SaveImage writes; it truncates."""
    return np.clip(255.0 * images.numpy(), 0, 255).astype(np.uint8)


def float16_of_unit_range() -> np.ndarray:
    """Every float16 of -1 to 1, as pixels [1, 1, n, 3]."""
    values = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    values = values[np.isfinite(values) & (np.abs(values) <= 1)]
    return np.resize(values, (1, 1, -(-values.size // 3), 3))


def test_wire_form_is_the_server_s() -> None:
    (wire,) = image.to_wire(LOADED)
    assert wire.dtype == np.float16
    assert wire.shape == (1, 16, 16, 3)
    assert np.array_equal(wire, (LEVELS / 127.5 - 1).astype(np.float16))


@pytest.mark.parametrize("codec", Codec)
def test_every_level_survives_the_round_trip(codec: Codec) -> None:
    (wire,) = image.to_wire(LOADED)
    back = image.from_wire(decode(encode(wire, codec)))
    assert back.dtype == torch.float32
    assert torch.equal(back, LOADED)
    assert np.array_equal(saved(back), LEVELS)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    "formula",
    [
        lambda level: level / level.dtype.type(127.5) - level.dtype.type(1),
        lambda level: level * level.dtype.type(2) / level.dtype.type(255) - level.dtype.type(1),
        lambda level: (level / level.dtype.type(255) - level.dtype.type(0.5)) * level.dtype.type(2),
    ],
)
@pytest.mark.parametrize("inner", [np.float32, np.float64])
def test_level_is_exact_in_whatever_order_a_server_computed_it(dtype, formula, inner) -> None:
    wire = formula(LEVELS.astype(inner)).astype(dtype)
    assert torch.equal(image.from_wire(wire), LOADED)


def test_only_a_level_s_own_float16_becomes_it() -> None:
    wire = float16_of_unit_range()
    got = image.from_wire(wire).numpy()
    level = np.round((wire.astype(np.float64) + 1) * 127.5)
    own = (level / 127.5 - 1).astype(np.float16) == wire
    assert np.unique(level[own]).size == 256
    assert np.unique(wire[own]).size == 256
    assert np.array_equal(got[own], (level[own].astype(np.float32) / np.float32(255)))
    plain = (wire.astype(np.float32) + np.float32(1)) / np.float32(2)
    assert np.array_equal(got[~own], plain[~own])


def test_order_of_values_is_kept() -> None:
    values = np.sort(float16_of_unit_range().reshape(-1)).reshape(1, 1, -1, 3)
    got = image.from_wire(values).reshape(-1)
    assert bool((got.diff() >= 0).all())


@given(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=60))
@settings(max_examples=100)
def test_float_picture_keeps_what_float16_can_hold(values: list[float]) -> None:
    count = len(values) // 3 * 3
    images = torch.tensor(values[:count]).view(1, 1, -1, 3)
    (wire,) = image.to_wire(images)
    assert (image.from_wire(wire) - images).abs().max() <= 2**-12


def test_batch_becomes_one_array_each() -> None:
    images = torch.rand(3, 8, 12, 3)
    wires = image.to_wire(images)
    assert len(wires) == 3
    for one, wire in zip(images, wires, strict=True):
        assert np.array_equal(wire, image.to_wire(one[None])[0])
    together = image.from_wire(np.concatenate(wires))
    assert torch.equal(together, torch.cat([image.from_wire(wire) for wire in wires]))


def test_picture_of_several_blocks_equals_its_parts(monkeypatch) -> None:
    images = torch.rand(1, 40, 50, 3)
    (whole,) = image.to_wire(images)
    back = image.from_wire(whole), image.from_wire(whole.astype(np.float32))
    monkeypatch.setattr(blocks, "BLOCK", 1000)
    (parts,) = image.to_wire(images)
    assert np.array_equal(whole, parts)
    assert torch.equal(image.from_wire(parts), back[0])
    assert torch.equal(image.from_wire(parts.astype(np.float32)), back[1])


def test_values_out_of_range_are_clamped() -> None:
    images = torch.tensor([-1.0, 0.0, 1.0, 2.0, -torch.inf, torch.inf]).view(1, 1, 2, 3)
    (wire,) = image.to_wire(images)
    assert wire.reshape(-1).tolist() == [-1, -1, 1, 1, -1, 1]
    for dtype in (np.float16, np.float32, np.float64):
        far = np.array([-3, -1.01, -1, 1, 1.01, 60000], dtype).reshape(1, 2, 3)
        assert image.from_wire(far).reshape(-1).tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("prepare", [
    lambda images: images.permute(0, 2, 1, 3),
    lambda images: images[:, ::2, 1:],
    lambda images: images.double(),
    lambda images: images.half(),
    lambda images: images.requires_grad_(),
])  # fmt: skip
def test_any_float_layout_and_type_is_sent(prepare) -> None:
    images = prepare(torch.rand(1, 6, 8, 3))
    plain = images.detach().float().contiguous()
    assert np.array_equal(image.to_wire(images)[0], image.to_wire(plain)[0])


def test_colour_under_alpha_is_kept_unless_fully_transparent() -> None:
    colour = torch.tensor([[0.2, 0.4, 0.6]] * 4)
    alpha = torch.tensor([[0.0], [0.01], [0.5], [1.0]])
    images = torch.cat((colour, alpha), 1).view(1, 1, 4, 4)
    before = images.clone()
    (wire,) = image.to_wire(images)
    (opaque,) = image.to_wire(colour.view(1, 1, 4, 3))
    assert wire.shape == (1, 1, 4, 3)
    assert wire[0, 0, 0].tolist() == [0, 0, 0]
    assert np.array_equal(wire[0, 0, 1:], opaque[0, 0, 1:])
    assert torch.equal(images, before)


def test_alpha_of_a_result_moves_to_the_end_and_its_levels_are_exact() -> None:
    alpha = (LEVELS[..., :1] / 255).astype(np.float16)
    colour = (LEVELS / 127.5 - 1).astype(np.float16)
    got = image.from_wire(np.concatenate((alpha, colour), -1))
    assert got.shape == (1, 16, 16, 4)
    assert got.is_contiguous()
    assert torch.equal(got[..., :3], LOADED)
    assert torch.equal(got[..., 3:], LOADED[..., :1])


@pytest.mark.parametrize("read", [image.from_wire, image.check])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_result_that_is_not_finite_anywhere_is_refused(read, channels, dtype, value) -> None:
    for position in (0, 7, -1):
        wire = np.zeros((2, 5, 5, channels), dtype)
        with np.errstate(over="ignore"):  # what is finite in float64 alone
            wire.reshape(-1)[position] = value
        with pytest.raises(GenerationFailed) as caught:
            read(wire)
        assert caught.value.remedy.endswith(".")


@pytest.mark.parametrize("channels", [3, 4])
def test_picture_with_nan_is_not_sent(channels: int) -> None:
    for position in range(channels):
        images = torch.rand(2, 5, 5, channels)
        images[1, 2, 3, position] = torch.nan
        with pytest.raises(RequestRejected, match="NaN"):
            image.to_wire(images)


@pytest.mark.parametrize("images", [
    torch.zeros(4, 4, 3), torch.zeros(1, 4, 4, 1), torch.zeros(1, 0, 4, 3), torch.zeros(()),
    torch.zeros(1, 4, 4, 3, dtype=torch.uint8),
])  # fmt: skip
def test_what_is_no_picture_is_not_sent(images: torch.Tensor) -> None:
    with pytest.raises(RequestRejected, match="cannot be sent"):
        image.to_wire(images)


@pytest.mark.parametrize("read", [image.from_wire, image.check])
@pytest.mark.parametrize("array", [
    np.zeros((4, 4), np.float16), np.zeros((1, 4, 4, 2), np.float16), np.zeros(3, np.float16),
    np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 1, 4, 4, 3), np.float16),
    np.zeros((4, 8, 8), np.float16), np.zeros((1, 0, 4, 3), np.float16),
])  # fmt: skip
def test_what_is_no_picture_is_a_bad_tensor(read, array: np.ndarray) -> None:
    with pytest.raises(BadTensor):
        read(array)


def test_what_is_read_passes_the_check() -> None:
    extremes = np.array([-65504, 65504, -1, 0, 1, 6e-8], np.float16)  # clamped, all of them
    for array in (extremes.reshape(1, 1, 2, 3), np.moveaxis(extremes.reshape(2, 1, 3), -1, 0)):
        image.from_wire(array)
        image.check(array)


def test_picture_without_batch_and_planes_are_read() -> None:
    pixels = np.random.default_rng(6).uniform(-1, 1, (5, 8, 3)).astype(np.float16)
    wanted = image.from_wire(pixels[np.newaxis])
    assert torch.equal(image.from_wire(pixels), wanted)
    assert torch.equal(image.from_wire(np.moveaxis(pixels, -1, 0)), wanted)


def test_read_only_bytes_are_read_without_a_warning_and_not_changed() -> None:
    data = encode(image.to_wire(LOADED)[0])
    kept = bytes(bytearray(data))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = image.from_wire(decode(data))
        first.zero_()
    assert data == kept


def test_result_does_not_depend_on_the_memory_of_the_answer() -> None:
    wire = image.to_wire(LOADED)[0]
    got = image.from_wire(wire)
    wire[:] = 0
    assert torch.equal(got, LOADED)
