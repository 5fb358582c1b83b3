"""Pictures are converted into one IMAGE, with no second copy of them beside it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch

from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.generation.events import Picture
from drawbridge.client.generation.images import Images, expected
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.generation.results import to_image
from drawbridge.errors import GenerationFailed


def picture(seed: int, height: int = 8, width: int = 12, channels: int = 3) -> Picture:
    values = np.random.default_rng(seed).uniform(-1, 1, (1, height, width, channels))
    return Picture(values.astype(np.float16), seed, 1)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("guess", [1, 3, 5, 100])
def test_however_many_were_expected_all_that_came_are_there(guess: int, channels: int) -> None:
    images = Images(guess)
    came = [picture(seed, channels=channels) for seed in range(5)]
    parts = [images.add(one).clone() for one in came]
    wanted = torch.cat([to_image(one) for one in came])
    assert torch.equal(images.whole(), wanted)
    assert torch.equal(torch.cat(parts), wanted)
    assert images.whole().is_contiguous()


def test_a_picture_is_a_part_of_the_whole() -> None:
    images = Images(2)
    images.add(picture(0))
    part = images.add(picture(1))
    assert part.data_ptr() == images.whole()[1].data_ptr()


def test_much_room_that_is_not_needed_is_given_back() -> None:
    images = Images(1000)
    images.add(picture(0))
    assert images.whole().untyped_storage().nbytes() == 8 * 12 * 3 * 4


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"height": 9}, "12 x 8 without alpha and 12 x 9 without alpha"),
        ({"channels": 4}, "12 x 8 without alpha and 12 x 8 with alpha"),
    ],
)
def test_pictures_of_two_kinds_make_up_no_batch(other: dict[str, int], told: str) -> None:
    images = Images(2)
    images.add(picture(0))
    with pytest.raises(GenerationFailed, match=told):
        images.add(picture(1, **other))


def test_converting_takes_no_memory_beside_the_whole() -> None:
    images = Images(4)
    came = [picture(seed, 640, 640) for seed in range(4)]
    images.add(came[0])  # tables are made once
    tracemalloc.start()
    try:
        for one in came[1:]:
            images.add(one)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < came[0].array.nbytes / 2  # what a block takes is the same for any


def test_a_video_is_expected_to_have_the_frames_that_are_asked_for() -> None:
    config = GenerationConfig.of({"model": "a.ckpt", "num_frames": 17, "batch_size": 1})
    assert expected(GenerationRequest("", config, model_version="wan_v2.1_14b")) == 17
    assert expected(GenerationRequest("", config, model_version="flux1")) == 1
    four = GenerationConfig.of({"model": "a.ckpt", "batch_size": 4})
    assert expected(GenerationRequest("", four, model_version="flux1")) == 4
