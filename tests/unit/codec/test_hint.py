"""Pictures of hints on the wire: sizes, ranges, channels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drawbridge.codec import hint, image
from drawbridge.codec.fit import Fit, fit_image
from drawbridge.errors import RequestRejected


def levels() -> torch.Tensor:
    """Every 8-bit level in each channel: [1, 16, 16, 3]."""
    plain = torch.arange(256, dtype=torch.float32).view(1, 16, 16) / 255
    return torch.stack((plain, plain.flip(1), plain.flip(2)), dim=-1)


def test_picture_is_that_of_an_image_where_nothing_is_asked_for() -> None:
    [array] = hint.to_wire(levels())
    assert (array.dtype, array.shape) == (np.float16, (1, 16, 16, 3))
    assert np.array_equal(array, image.to_wire(levels())[0])


def test_unscaled_picture_keeps_every_level() -> None:
    [array] = hint.to_wire(levels(), size=(16, 16), low=0.0)
    assert np.array_equal(array[0], levels()[0].to(torch.float16).numpy())
    assert (array.min(), array.max()) == (0, 1)


def test_inverted_picture_swaps_the_ends() -> None:
    pixels = torch.tensor([0.0, 0.25, 1.0]).view(1, 1, 3, 1).expand(1, 1, 3, 3)
    [array] = hint.to_wire(pixels, inverted=True)
    assert array[0, 0, :, 0].tolist() == [1, 0.5, -1]
    [array] = hint.to_wire(pixels, inverted=True, low=0.0)
    assert array[0, 0, :, 0].tolist() == [1, 0.75, 0]


def test_every_picture_of_a_batch_comes_alone_in_order() -> None:
    pictures = torch.stack([torch.full((4, 6, 3), value) for value in (0.0, 0.5, 1.0)])
    arrays = hint.to_wire(pictures)
    assert [array.shape for array in arrays] == [(1, 4, 6, 3)] * 3
    assert [float(array.mean()) for array in arrays] == [-1, 0, 1]


def test_depth_is_one_channel_over_the_whole_range() -> None:
    near, middle, far = 0.75, 0.5, 0.25
    pixels = torch.tensor([far, middle, near]).view(1, 1, 3, 1).expand(1, 1, 3, 3)
    [array] = hint.to_wire(pixels, channels=1)
    assert (array.dtype, array.shape) == (np.float16, (1, 1, 3, 1))
    assert array[0, 0, :, 0].tolist() == [-1, 0, 1]


def test_flat_depth_stays_where_it_is() -> None:
    [array] = hint.to_wire(torch.full((1, 2, 2, 3), 0.75), channels=1)
    assert np.array_equal(array, np.full((1, 2, 2, 1), 0.5, np.float16))


def test_depth_is_the_mean_of_the_colours() -> None:
    pixels = torch.tensor([[[[0.0, 0, 0], [1, 0.5, 0], [1, 1, 1]]]])
    [array] = hint.to_wire(pixels, channels=1)
    assert array[0, 0, :, 0].tolist() == [-1, 0, 1]


@pytest.mark.parametrize("size", [(64, 128), (128, 64), (64, 64), (512, 64)])
def test_size_is_exact_and_width_comes_first(size: tuple[int, int]) -> None:
    [array] = hint.to_wire(torch.rand(1, 100, 90, 3), size=size)
    assert array.shape == (1, size[1], size[0], 3)
    assert np.abs(array).max() <= 1


def test_picture_is_cropped_around_its_centre_not_squeezed() -> None:
    pixels = torch.zeros(1, 4, 8, 3)
    pixels[:, :, 2:6] = 1
    [array] = hint.to_wire(pixels, size=(4, 4), low=0.0)
    assert np.array_equal(array, np.ones((1, 4, 4, 3), np.float16))
    [array] = hint.to_wire(pixels.transpose(1, 2), size=(8, 8), low=0.0)
    assert np.array_equal(array, np.ones((1, 8, 8, 3), np.float16))


def test_picture_is_fitted_as_is_asked_for() -> None:
    ramp = torch.linspace(0, 1, 8).view(1, 1, 8, 1).expand(1, 4, 8, 3)
    for fit in Fit:
        [array] = hint.to_wire(ramp, size=(16, 16), fit=fit, low=0.0)
        assert np.array_equal(array[0], fit_image(ramp, 16, 16, fit)[0].to(torch.float16).numpy())


def test_shrinking_counts_every_pixel() -> None:
    stripes = torch.zeros(1, 64, 64, 3)
    stripes[:, :, ::4] = 1
    [array] = hint.to_wire(stripes, size=(16, 16), low=0.0)
    assert np.abs(array[:, :, 1:-1].mean() - 0.25) < 0.01
    assert array[:, :, 1:-1].std() < 0.02  # without a filter some stripes would be missed


def test_flat_picture_stays_flat_when_scaled() -> None:
    for size in ((64, 64), (8, 8)):
        [array] = hint.to_wire(torch.full((1, 32, 32, 3), 0.5), size=size)
        assert np.abs(array).max() < 1e-3


def test_transparent_is_black_and_one_channel_is_grey() -> None:
    pixels = torch.ones(1, 1, 3, 4)
    pixels[..., 3] = torch.tensor([0.0, 0.5, 1.0])
    [array] = hint.to_wire(pixels, low=0.0)
    assert array[0, 0].tolist() == [[0, 0, 0], [0.5, 0.5, 0.5], [1, 1, 1]]
    [array] = hint.to_wire(torch.full((1, 1, 1, 1), 0.5), low=0.0)
    assert array[0, 0].tolist() == [[0.5, 0.5, 0.5]]


def test_values_outside_are_clamped() -> None:
    pixels = torch.tensor([-3.0, 7.0, float("inf")]).view(1, 1, 3, 1).expand(1, 1, 3, 3)
    [array] = hint.to_wire(pixels)
    assert array[0, 0, :, 0].tolist() == [-1, 1, 1]


@pytest.mark.parametrize(
    "pixels",
    [
        torch.rand(4, 4, 3),
        torch.rand(1, 4, 4, 2),
        torch.rand(0, 4, 4, 3),
        torch.full((1, 2, 2, 3), torch.nan),
    ],
)
def test_what_is_no_picture_is_refused(pixels: torch.Tensor) -> None:
    with pytest.raises(RequestRejected, match="hint's picture cannot be sent"):
        hint.to_wire(pixels)
