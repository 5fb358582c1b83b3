"""Masks become kinds: keep, repaint, repaint from noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drawbridge.codec import mask
from drawbridge.codec.tensor import decode, encode
from drawbridge.errors import RequestRejected

LEVELS = torch.arange(256, dtype=torch.float32).view(16, 16) / 255


@pytest.mark.parametrize(("from_noise", "white"), [(False, 2), (True, 1)])
def test_threshold_lies_in_the_middle_of_the_levels(from_noise: bool, white: int) -> None:
    kinds = mask.to_wire(LEVELS, from_noise=from_noise)
    assert kinds.dtype == np.uint8
    assert kinds.shape == (16, 16)
    assert (kinds.reshape(-1)[:128] == 3).all()
    assert (kinds.reshape(-1)[128:] == white).all()


def test_mask_of_a_batch_of_one_is_that_mask() -> None:
    assert np.array_equal(mask.to_wire(LEVELS[None]), mask.to_wire(LEVELS))


@pytest.mark.parametrize("prepare", [
    torch.t, lambda m: m[::2, 3:], torch.Tensor.double, torch.Tensor.half,
    lambda m: m.expand(16, 16), lambda m: m.clone().requires_grad_(),
])  # fmt: skip
def test_any_layout_and_type_is_sent(prepare) -> None:
    given = prepare(LEVELS)
    wanted = np.where(given.detach().float().numpy() >= 0.5, 2, 3)
    assert np.array_equal(mask.to_wire(given), wanted)


def test_infinite_values_are_black_and_white() -> None:
    given = torch.tensor([[-torch.inf, torch.inf]])
    assert mask.to_wire(given).tolist() == [[3, 2]]


def test_wire_form_is_a_plain_tensor_of_bytes() -> None:
    data = encode(mask.to_wire(LEVELS))
    assert len(data) == 68 + 256
    assert data[8] == 1
    assert decode(data).dtype == np.uint8


@pytest.mark.parametrize("dims", [(2, 4, 4), (4,), (1, 1, 4, 4), (0, 4), ()])
def test_other_shapes_are_not_sent(dims: tuple[int, ...]) -> None:
    with pytest.raises(RequestRejected, match="cannot be sent"):
        mask.to_wire(torch.zeros(dims))


def test_mask_with_nan_is_not_sent() -> None:
    given = LEVELS.clone()
    given[3, 4] = torch.nan
    with pytest.raises(RequestRejected, match="NaN"):
        mask.to_wire(given)
