"""What MiniMax H3 and Qwen Image 2.1 read, and what must not be sent (docs/protocol.md 16)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from drawbridge.client.catalog import official
from drawbridge.client.catalog.lookup import ModelFile
from drawbridge.client.catalog.records import Catalog, ModelSpec
from drawbridge.client.generation.assemble import Prepared, Wishes, assemble
from drawbridge.client.generation.checks import check
from drawbridge.client.generation.hints import Guide
from drawbridge.client.generation.message import encoded
from drawbridge.errors import RequestRejected

SETTINGS = {"start_width": 256, "start_height": 128, "seed": 7}
QWEN = "qwen_image_2.1_q8p.ckpt"


def prepared(file: str, **wishes: Any) -> Prepared:
    spec = official.known(file)
    assert spec is not None
    settings = {**SETTINGS, **wishes.pop("settings", {})}
    wanted = Wishes(spec.file, "a bridge", settings=settings, **wishes)
    return assemble(wanted, ModelFile.of(spec), Catalog(models=(spec,)), "mac:1")


def half_transparent(width: int = 256, height: int = 128) -> torch.Tensor:
    picture = torch.rand(1, height, width, 4)
    picture[..., 3] = 1
    picture[:, :, : width // 2, 3] = 0.25
    return picture


def moodboard(*pictures: torch.Tensor, weight: float = 1.0) -> tuple[Guide[torch.Tensor], ...]:
    return tuple(Guide(None, "shuffle", picture, weight=weight) for picture in pictures)


def test_references_keep_their_alpha_where_the_model_reads_it() -> None:
    board = moodboard(half_transparent(96, 64), torch.rand(1, 64, 96, 3))
    [request] = prepared(QWEN, image=half_transparent(), guides=board).requests
    assert request.mask is None
    assert request.image is not None
    assert request.image.shape == (1, 128, 256, 4)
    assert np.array_equal(np.unique(request.image[..., 0]), [0.25, 1])
    assert request.image[..., 1:].min() < -0.5  # colours from -1
    [hint] = request.hints
    assert [tensor.array.shape[3] for tensor in hint.tensors] == [4, 3]
    encoded(request)


def test_a_mask_or_less_strength_makes_the_holes_what_is_repainted() -> None:
    for wishes in ({"mask": torch.ones(1, 128, 256)}, {"settings": {"strength": 0.5}}):
        [request] = prepared(QWEN, image=half_transparent(), **wishes).requests
        assert request.mask is not None
        assert request.image is not None
        assert request.image.shape[3] == 3


def test_alpha_ends_the_servers_of_other_models() -> None:
    [request] = prepared(QWEN, image=half_transparent()).requests
    other = replace(request, model_version="qwen_image")
    with pytest.raises(RequestRejected, match="shape"):
        check(other)


def test_the_last_frame_is_one_picture_in_the_size_of_the_video() -> None:
    file = "minimax_h3_fl2va_q8p.ckpt"
    [request] = prepared(file, guides=moodboard(torch.rand(1, 64, 64, 3))).requests
    [hint] = request.hints
    assert [tensor.array.shape for tensor in hint.tensors] == [(1, 128, 256, 3)]
    two = moodboard(torch.rand(1, 64, 64, 3), torch.rand(1, 64, 64, 3))
    with pytest.raises(RequestRejected, match=r"2 pictures.* reads one: the last frame"):
        prepared(file, guides=two)


def test_references_of_a_video_stay_as_they_are() -> None:
    board = moodboard(torch.rand(1, 64, 96, 3), torch.rand(1, 80, 48, 3))
    [request] = prepared("minimax_h3_ref2va_q8p.ckpt", guides=board).requests
    shapes = [tensor.array.shape for tensor in request.hints[0].tensors]
    assert shapes == [(1, 64, 96, 3), (1, 80, 48, 3)]
    assert request.config.num_frames == 124
    assert request.config.shift == 12
    assert (request.config.tiled_decoding, request.config.decoding_tile_width) == (True, 256)


def test_stages_of_a_refiner_are_specified_too() -> None:
    def spec(file: str, more: str = "") -> ModelSpec:
        raw = f'{{"name":"{file}","file":"{file}","prefix":"","version":"wan_v2.1_14b",'
        raw += f'"upcast_attention":false,"default_scale":8{more}}}'
        [read] = Catalog.from_json(models=f"[{raw}]".encode()).models
        return read

    specs = (spec("base"), spec("fine", ',"stage_models":["stage"]'), spec("stage"), spec("other"))
    wishes = Wishes("base", "a bridge", settings={**SETTINGS, "refiner_model": "fine"})
    made = assemble(wishes, ModelFile.of(specs[0]), Catalog(models=specs), "mac:1")
    assert {one.file for one in made.requests[0].override.models} == {"base", "fine", "stage"}


def test_an_image_that_no_server_would_read_stays_here() -> None:
    picture = torch.rand(1, 128, 256, 3)
    made = prepared("z_image_turbo_1.0_q8p.ckpt", image=picture)
    assert made.requests[0].image is None
    assert "The image is not used" in made.notes[-1]
    for settings in ({"color_calibration": 1}, {"strength": 0.5}):
        made = prepared("z_image_turbo_1.0_q8p.ckpt", image=picture, settings=settings)
        assert made.requests[0].image is not None
        assert made.notes == ()
