"""Sizes to choose from."""

from __future__ import annotations

import pytest

from drawbridge.client.generation.sizes import Size, sizes
from drawbridge.facts.sizes import BLOCK_PX
from drawbridge.facts.versions import VERSIONS


@pytest.mark.parametrize("version", [*VERSIONS, "newer_than_this"])
def test_sizes_can_be_made_and_come_with_their_upright_twins(version: str) -> None:
    offered = sizes(version)
    assert len(set(offered)) == len(offered) > 2
    for size in offered:
        assert size.width % BLOCK_PX == size.height % BLOCK_PX == 0
        assert min(size.width, size.height) >= 2 * BLOCK_PX
        assert Size(size.height, size.width) in offered


@pytest.mark.parametrize("side", [512, 768, 1024, 1536, 2048])
def test_sizes_keep_form_and_area(side: int) -> None:
    offered = sizes("flux1", side)
    assert offered[0] == Size(side, side)
    assert [size.label.partition("(")[2] for size in offered] == [
        *("1:1)", "4:3)", "3:4)", "3:2)", "2:3)", "16:9)", "9:16)"),
    ]
    for size in offered:
        assert 0.8 < size.width * size.height / side**2 < 1.05
        wide, high = map(int, size.label.partition("(")[2].strip(")").split(":"))
        assert abs(size.width / size.height * high / wide - 1) < 0.06


def test_sizes_of_the_usual_models_are_those_that_people_know() -> None:
    assert [size.label for size in sizes("sdxl_base_v0.9")] == [
        "1024 x 1024 (1:1)",
        "1152 x 896 (4:3)",
        "896 x 1152 (3:4)",
        "1216 x 832 (3:2)",
        "832 x 1216 (2:3)",
        "1344 x 768 (16:9)",
        "768 x 1344 (9:16)",
    ]


def test_videos_have_their_own_sizes() -> None:
    labels = [size.label for size in sizes("wan_v2.1_14b")]
    assert labels[:2] == ["832 x 448 (16:9)", "448 x 832 (9:16)"]
    assert all(sizes(version) for version, known in VERSIONS.items() if known.is_video)
