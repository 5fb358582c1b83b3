"""Masks: which kinds repaint what, how far areas grow, and what comes back of the original."""

from __future__ import annotations

import numpy as np
import pytest

from drawbridge.emulator.painting.regions import find_regions, paste_back, spread
from drawbridge.emulator.understanding.mask import inpaints, repaints_zero
from drawbridge.facts.versions import VERSIONS

SIDE = 64


def mask_of(*kinds: int) -> np.ndarray:
    """Return a mask of equal horizontal bands, one for each kind."""
    rows = np.arange(SIDE) * len(kinds) // SIDE
    return np.repeat(np.array(kinds, np.uint8)[rows][:, None], SIDE, axis=1)


@pytest.mark.parametrize(
    ("kinds", "noise", "repainted"),
    [
        ((0, 1), {1}, {0}),
        ((0, 2), set(), {2}),
        ((0, 3), set(), {0}),
        ((1, 2), {1}, {2}),
        ((1, 3), {1}, set()),
        ((2, 3), set(), {2}),
        ((0, 1, 2), {1}, {2}),
        ((0, 1, 3), {1}, {0}),
        ((0, 2, 3), set(), {2}),
        ((0, 1, 2, 3), {1}, {0, 2}),
        ((4, 3), set(), {4}),
        ((255, 2), set(), {2}),
    ],
)
def test_find_regions_follows_the_table_of_kinds(
    kinds: tuple[int, ...], noise: set[int], repainted: set[int]
):
    mask = np.repeat(np.array(kinds, np.uint8), 8)[:, None].repeat(SIDE, axis=1)
    mask = np.concatenate([mask, mask[-8:].repeat((SIDE - len(mask)) // 8, axis=0)])
    regions = find_regions(mask, VERSIONS["v1"].mask_cell_px, 0, transparent=False)
    assert set(mask[regions.noise].tolist()) == noise
    assert set(mask[regions.repaint].tolist()) == repainted
    assert not (regions.noise & regions.repaint).any()


@pytest.mark.parametrize(
    ("kinds", "plain", "transparent"),
    [
        ((0,), False, False),
        ((3,), False, False),
        ((255, 0), False, False),
        ((1,), True, False),
        ((2,), True, True),
        ((0, 3), True, False),
        ((0, 1), True, False),
        ((1, 3), True, False),
        ((2, 3), True, True),
    ],
)
def test_inpaints_needs_areas_to_tell_apart(kinds: tuple[int, ...], plain: bool, transparent: bool):
    assert inpaints(mask_of(*kinds)) is plain
    assert inpaints(mask_of(*kinds), transparent=True) is transparent


@pytest.mark.parametrize(
    ("kinds", "repaints"),
    [((0, 3), True), ((0, 1), True), ((0, 2), False), ((0, 1, 2), False), ((0, 1, 2, 3), True)],
)
def test_repaints_zero_unless_two_says_it_better(kinds: tuple[int, ...], repaints: bool):
    assert repaints_zero(mask_of(*kinds)) is repaints


@pytest.mark.parametrize(("version", "cell"), [("v1", 8), ("wan_v2.2_5b", 16), ("ltx2", 8)])
def test_find_regions_takes_whole_cells(version: str, cell: int):
    mask = np.full((SIDE, SIDE), 3, np.uint8)
    mask[35, 20] = 2
    repaint = find_regions(mask, VERSIONS[version].mask_cell_px, 0, transparent=False).repaint
    assert repaint.sum() == cell**2
    assert repaint[35, 20]


@pytest.mark.parametrize(("outset", "cells"), [(-9, 1), (0, 1), (1, 9), (8, 9), (9, 25)])
def test_outset_grows_what_is_sampled_by_whole_cells(outset: int, cells: int):
    mask = np.full((SIDE, SIDE), 3, np.uint8)
    mask[35, 35] = 2
    assert (
        find_regions(mask, VERSIONS["v1"].mask_cell_px, outset, transparent=False).repaint.sum()
        == cells * 64
    )


@pytest.mark.parametrize("distance", [0, 1, 5, 1000, 2**31 - 1])
def test_spread_reaches_a_square(distance: int):
    area = np.zeros((21, 31), bool)
    area[10, 4] = True
    rows, columns = np.indices(area.shape)
    near = np.maximum(abs(rows - 10), abs(columns - 4)) <= distance
    assert np.array_equal(spread(area, distance), near)


def paste(mask: np.ndarray, **settings: object) -> np.ndarray:
    """Return how much of the original each pixel has: float32 [SIDE, SIDE]."""
    given: dict = {"sigma": 0.0, "outset": 0, "strength": 1.0, "transparent": False} | settings
    new, old = np.zeros((SIDE, SIDE, 3), np.float32), np.ones((SIDE, SIDE, 3), np.float32)
    return paste_back(new, old, mask, **given)[..., 0]


def test_paste_back_without_blur_has_a_hard_edge():
    mask = mask_of(3, 2)
    assert np.array_equal(paste(mask, outset=9), (mask == 3).astype(np.float32))


def test_paste_back_blurs_the_edge_alone():
    share = paste(mask_of(3, 2), sigma=2.0)[:, 0]
    assert (share[: 32 - 7] == 1).all()
    assert (share[32 + 7 :] == 0).all()
    assert (np.diff(share) <= 0).all()
    assert len(np.unique(share)) > 5


@pytest.mark.parametrize(("outset", "edge"), [(10, 22), (-10, 42)])
def test_outset_moves_the_blurred_edge(outset: int, edge: int):
    share = paste(mask_of(3, 2), sigma=1.0, outset=outset)[:, 0]
    assert abs(int((share > 0.5).sum()) - edge) <= 1


@pytest.mark.parametrize(
    ("kinds", "settings", "kept"),
    [
        ((0, 2), {}, {0}),
        ((0, 3), {}, {3}),
        ((0, 1), {}, set()),
        ((0, 1), {"strength": 0.0}, {0}),
        ((0, 1, 2, 3), {}, {3}),
        ((0, 1, 2, 3), {"strength": 0.0}, {0, 3}),
        ((1, 2), {"transparent": True}, {1}),
    ],
)
def test_paste_back_brings_back_what_the_kinds_keep(
    kinds: tuple[int, ...], settings: dict, kept: set[int]
):
    mask = mask_of(*kinds)
    assert set(mask[paste(mask, **settings) == 1].tolist()) == kept


def test_alpha_bits_leave_some_of_the_original():
    share = paste(mask_of(3, 0x80 | 1, 0xF8 | 2))
    assert np.unique(share).tolist() == pytest.approx([(128 / 255) ** 2, (248 / 255) ** 2, 1])
    soft = paste(mask_of(3, 0x80 | 1), sigma=1.0)
    assert soft[-1, 0] == pytest.approx((128 / 255) ** 2)
    assert soft[33, 0] == pytest.approx((128 / 255) ** 2)  # no edge creeps into what is nothing
