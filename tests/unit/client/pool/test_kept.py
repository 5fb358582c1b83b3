"""What is kept is found by exactly what was asked for, and takes bounded memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
import torch

from drawbridge.client.catalog.records import Catalog
from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.generation.events import Picture
from drawbridge.client.generation.images import Images
from drawbridge.client.generation.request import GenerationRequest, Hint, WeightedTensor
from drawbridge.client.generation.results import to_image
from drawbridge.client.pool.events import Part
from drawbridge.client.pool.kept import Fingerprints, Kept

CONFIG = GenerationConfig(model="a.ckpt", start_width=512, start_height=512, seed=1)
ARRAY = np.zeros((1, 8, 8, 3), np.float16)
OTHER = np.ones((1, 8, 8, 3), np.float16)
MODEL = b'[{"file": "a.ckpt", "name": "A", "version": "v1"}]'


def part(kilobytes: int = 1) -> Part:
    array = np.zeros((1, 1, kilobytes * 512, 1), np.float16)
    return Part((Picture(array, 0, 1),), whole=True)


def request() -> GenerationRequest:
    hint = Hint("depth", (WeightedTensor(ARRAY),))
    return GenerationRequest("a", CONFIG, image=ARRAY, hints=(hint,))


CHANGES: list[Callable[[GenerationRequest], GenerationRequest]] = [
    lambda one: dataclasses.replace(one, prompt="b"),
    lambda one: dataclasses.replace(one, negative_prompt="a"),
    lambda one: dataclasses.replace(one, config=dataclasses.replace(CONFIG, seed=2)),
    lambda one: dataclasses.replace(one, config=dataclasses.replace(CONFIG, steps=2)),
    lambda one: dataclasses.replace(one, image=OTHER),
    lambda one: dataclasses.replace(one, image=ARRAY.astype(np.float32)),
    lambda one: dataclasses.replace(one, image=None),
    lambda one: dataclasses.replace(one, mask=np.zeros((8, 8), np.uint8)),
    lambda one: dataclasses.replace(one, hints=()),
    lambda one: dataclasses.replace(one, hints=(Hint("pose", one.hints[0].tensors),)),
    lambda one: dataclasses.replace(one, hints=(Hint("depth", (WeightedTensor(ARRAY, 0.5),)),)),
    lambda one: dataclasses.replace(one, hints=(Hint("depth", (WeightedTensor(OTHER),)),)),
    lambda one: dataclasses.replace(one, override=Catalog.from_json(models=MODEL)),
    lambda one: dataclasses.replace(one, keywords=("a",)),
    lambda one: dataclasses.replace(one, model_version="v1"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_decides_on_a_picture_decides_on_the_key(
    change: Callable[[GenerationRequest], GenerationRequest],
) -> None:
    same = Fingerprints().of("mac", request())
    assert Fingerprints().of("mac", request()) == same
    assert Fingerprints().of("mac", change(request())) != same


def test_server_decides_on_the_key() -> None:
    assert Fingerprints().of("mac", request()) != Fingerprints().of("mini", request())


@pytest.mark.parametrize("change", CHANGES)
def test_key_for_a_server_that_is_away_leaves_out_what_it_would_tell_alone(
    change: Callable[[GenerationRequest], GenerationRequest],
) -> None:
    specified = Catalog()
    same = Fingerprints().apart("mac", request(), specified)
    other = Fingerprints().apart("mac", change(request()), specified)
    assert (other == same) is bool(change(request()).override.models)
    assert Fingerprints().apart("mini", request(), specified) != same
    assert Fingerprints().apart("mac", request(), Catalog.from_json(models=MODEL)) != same


def test_part_is_found_under_its_further_key_for_as_long_as_it_is_kept() -> None:
    kept = Kept(most_bytes=4 << 10, most_old_bytes=0)
    kept.begin("run")
    first, second = part(), part()
    kept.keep(b"a", first, "run", b"x")
    assert kept.find(b"x", "run") is first
    kept.keep(b"b", second, "run", b"x")  # the server tells other things by now
    assert kept.find(b"x", "run") is second
    assert kept.find(b"a", "run") is first
    kept.keep(b"c", part(3), "run")
    kept.keep(b"d", part(1), "run")
    assert kept.find(b"x", "run") is None
    kept.keep(b"e", part(), "run", b"x")
    kept.end("run", well=True)
    assert kept.find(b"x", "run") is None
    assert len(kept) == 0


def test_parts_of_a_run_are_found_until_it_has_ended_well() -> None:
    kept = Kept()
    kept.begin("run")
    kept.keep(b"a", part(), "run")
    kept.end("run", well=False)
    kept.begin("again")
    assert kept.find(b"a", "again") is not None
    assert kept.find(b"b", "again") is None
    kept.end("again", well=True)
    assert (len(kept), kept.size_bytes) == (0, 0)


def test_old_runs_make_room_for_those_under_way() -> None:
    kept = Kept(most_bytes=8 << 10, most_old_bytes=3 << 10)
    for run in ("old", "new"):
        kept.begin(run)
        for number in range(3):
            kept.keep(f"{run}{number}".encode(), part(), run)
        if run == "old":
            kept.end(run, well=False)
            assert len(kept) == 3
    assert kept.find(b"old0", "new") is None
    assert kept.find(b"new0", "new") is not None
    for number in range(3, 20):
        kept.keep(f"new{number}".encode(), part(), "new")
    assert kept.size_bytes <= 8 << 10
    assert kept.find(b"new19", "new") is not None
    assert not kept.keep(b"huge", part(9), "new")
    kept.close()
    assert (len(kept), kept.size_bytes) == (0, 0)


def test_batch_of_a_hundred_large_pictures_fits() -> None:
    kept = Kept()
    kept.begin("run")
    array = np.broadcast_to(np.float16(0), (1, 2048, 2048, 3))
    for number in range(100):
        kept.keep(str(number).encode(), Part((Picture(array, 0, 1),), whole=True), "run")
    assert len(kept) == 100
    assert kept.size_bytes == 100 * 2048 * 2048 * 3 * 2


def test_what_a_failed_run_keeps_holds_no_other_picture_s_memory() -> None:
    images = Images([request()] * 2)
    placed = images.place(0, Picture(OTHER, 0, 1))
    kept = Kept()
    kept.begin("run")
    kept.keep(b"a", Part((placed,), whole=True), "run")
    found = kept.find(b"a", "run")
    assert found is not None
    assert found.pictures == (placed,)  # as long as it is under way, it takes no memory besides
    kept.end("run", well=False)
    alone = kept.find(b"a", "again")
    assert alone is not None
    [picture] = alone.pictures
    placed.image.zero_()
    assert torch.equal(to_image(picture), torch.ones(1, 8, 8, 3))
    assert kept.size_bytes == OTHER.nbytes
