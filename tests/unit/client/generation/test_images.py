"""Pictures are converted into one IMAGE, with no second copy of them beside it."""

from __future__ import annotations

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.generation.events import Picture
from drawbridge.client.generation.images import Images, Placed, expected
from drawbridge.client.generation.request import GenerationRequest
from drawbridge.client.generation.results import to_image
from drawbridge.codec import image
from drawbridge.errors import GenerationFailed


def picture(
    index: int,
    height: int = 8,
    width: int = 12,
    channels: int = 3,
    dtype: type[np.floating] = np.float16,
    seed: int | None = None,
) -> Picture:
    rng = np.random.default_rng(index if seed is None else seed)
    values = rng.uniform(-1.01, 1.01, (1, height, width, channels))
    return Picture(values.astype(dtype), index, 1)


def images(*counts: int) -> Images:
    """Room for requests of so many pictures each."""
    configs = [GenerationConfig.of({"model": "a.ckpt", "batch_size": count}) for count in counts]
    return Images([GenerationRequest("", config, model_version="flux1") for config in configs])


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("guess", [1, 3, 5, 100])
def test_however_many_were_expected_all_that_came_are_there(guess: int, channels: int) -> None:
    room = images(guess)
    came = [picture(index, channels=channels) for index in range(5)]
    placed = [room.place(0, one) for one in came]
    wanted = torch.cat([to_image(one) for one in came])
    assert torch.equal(room.whole(placed), wanted)
    assert torch.equal(torch.cat([to_image(one) for one in placed]), wanted)
    assert room.whole(placed).is_contiguous()


def test_what_comes_in_any_order_lies_in_that_of_the_requests() -> None:
    room = images(2, 1, 2)
    order = [(2, 1), (0, 0), (1, 0), (2, 0), (0, 1)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda at: room.place(at[0], picture(at[1], seed=sum(at))), order))
    placed = [one for _, one in sorted(zip(order, made, strict=True))]
    whole = room.whole(placed)
    assert whole.data_ptr() == placed[0].image.data_ptr()
    wanted = [to_image(picture(index, seed=item + index)) for item, index in sorted(order)]
    assert torch.equal(whole, torch.cat(wanted))


def test_what_is_missing_leaves_no_gap() -> None:
    room = images(1, 1, 1)
    placed = [room.place(item, picture(0, seed=item)) for item in (0, 2)]
    wanted = torch.cat([to_image(picture(0, seed=item)) for item in (0, 2)])
    assert torch.equal(room.whole(placed), wanted)


def test_what_came_in_an_earlier_run_is_converted_with_the_rest() -> None:
    room = images(1, 1)
    pictures = [picture(0, seed=0), room.place(1, picture(0, seed=1))]
    wanted = torch.cat([to_image(picture(0, seed=item)) for item in (0, 1)])
    assert torch.equal(room.whole(pictures), wanted)


def test_a_picture_that_comes_again_spoils_none() -> None:
    room = images(1, 1)
    first, other = (room.place(item, picture(0, seed=item)) for item in (0, 1))
    again = room.place(0, picture(0, seed=7))
    assert torch.equal(first.image, to_image(picture(0, seed=0)))
    wanted = torch.cat([to_image(picture(0, seed=seed)) for seed in (7, 1)])
    assert torch.equal(room.whole([again, other]), wanted)


def test_much_room_that_is_not_needed_is_given_back() -> None:
    room = images(1000)
    whole = room.whole([room.place(0, picture(0))])
    assert whole.untyped_storage().nbytes() == 8 * 12 * 3 * 4


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"height": 9}, "12 x 8 without alpha and 12 x 9 without alpha"),
        ({"channels": 4}, "12 x 8 without alpha and 12 x 8 with alpha"),
    ],
)
def test_pictures_of_two_kinds_make_up_no_batch(other: dict[str, int], told: str) -> None:
    room = images(2)
    placed = [room.place(0, picture(0)), room.place(0, picture(1, **other))]  # type: ignore[arg-type]
    with pytest.raises(GenerationFailed, match=told):
        room.whole(placed)


def test_a_picture_of_other_than_numbers_is_refused() -> None:
    room = images(1)
    bad = Picture(np.full((1, 8, 12, 3), np.nan, np.float16), 0, 1)
    with pytest.raises(GenerationFailed, match="not numbers"):
        room.place(0, bad)


def test_converting_takes_no_memory_beside_the_whole() -> None:
    room = images(4)
    came = [picture(index, 1024, 1024) for index in range(4)]
    room.place(0, came[0])  # tables are made once
    tracemalloc.start()
    try:
        for one in came[1:]:
            room.place(0, one)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < came[0].array.nbytes / 2  # what a block takes is the same for any


@pytest.mark.parametrize(
    ("channels", "dtype", "kind", "size_bytes"),
    [
        (3, np.float16, Picture, 8 * 12 * 3 * 2),
        (3, np.float32, Placed, 8 * 12 * 3 * 4),
        (4, np.float16, Placed, 8 * 12 * 4 * 4),
    ],
)
def test_a_picture_alone_is_the_same_in_memory_of_its_own(
    channels: int, dtype: type[np.floating], kind: type, size_bytes: int
) -> None:
    room = images(2)
    one = room.place(0, picture(0, channels=channels, dtype=dtype))
    alone = one.alone()
    assert type(alone) is kind
    assert alone.size_bytes == one.size_bytes == size_bytes
    assert (alone.index, alone.scale_factor) == (0, 1)
    shown = one.image.clone()
    one.image.zero_()
    assert torch.equal(to_image(alone), shown)


def test_every_float16_is_the_same_after_it_was_alone() -> None:
    patterns = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    values = patterns[np.isfinite(patterns)].reshape(1, 1, -1, 1).repeat(3, axis=3)
    placed = images(1).place(0, Picture(values, 0, 1))
    assert torch.equal(to_image(placed.alone()), image.from_wire(values))


def test_a_video_is_expected_to_have_the_frames_that_are_asked_for() -> None:
    config = GenerationConfig.of({"model": "a.ckpt", "num_frames": 17, "batch_size": 1})
    assert expected(GenerationRequest("", config, model_version="wan_v2.1_14b")) == 17
    assert expected(GenerationRequest("", config, model_version="flux1")) == 1
    four = GenerationConfig.of({"model": "a.ckpt", "batch_size": 4})
    assert expected(GenerationRequest("", four, model_version="flux1")) == 4
