"""Converted graphs have room for what our nodes are, which are larger than theirs."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from drawbridge.devtools.draw_things_graphs import crowded
from drawbridge.graphs.convert import convert
from drawbridge.graphs.room import box, places


def covered(nodes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    boxes = [(node["type"], box(node)) for node in nodes]
    pairs = itertools.combinations(boxes, 2)
    return [(one, other) for (one, a), (other, b) in pairs if a.covers(b)]


def test_no_converted_node_covers_another() -> None:
    graph = crowded().graph
    assert covered(graph["nodes"]) == []
    convert(graph)
    assert {"Drawbridge_Connect", "Note"} <= {node["type"] for node in graph["nodes"]}
    assert covered(graph["nodes"]) == []
    at = {node["type"]: node["pos"] for node in graph["nodes"]}
    assert at["Drawbridge_Prompt"] == [0, 0]  # what has room stays
    assert at["Drawbridge_SettingsUpscaler"][1] > 640  # below the refiner, as before
    assert at["SaveImage"][0] > 900
    size = {node["type"]: node["size"] for node in graph["nodes"]}
    assert size["Drawbridge_Prompt"][0] == 400


@pytest.mark.parametrize("seed", range(20))
def test_nodes_make_room_whatever_the_graph(seed: int) -> None:
    draw = random.Random(seed)
    nodes = [
        {"id": column * 10 + row, "pos": [column * 300 + draw.randrange(40), row * 220]}
        for column in range(5)
        for row in range(5)
    ]
    for node in nodes:
        node["size"] = [draw.randrange(150, 250), draw.randrange(100, 180)]
    assert covered([{"type": "", **node} for node in nodes]) == []
    sizes = {node["id"]: (draw.randrange(250, 500), 600) for node in nodes[::3]}
    at = places(nodes, sizes)
    moved = [
        {"type": "", "pos": at[node["id"]], "size": sizes.get(node["id"], node["size"])}
        for node in nodes
    ]
    assert covered(moved) == []


def test_what_people_have_laid_on_each_other_stays_so() -> None:
    nodes = [{"id": 1, "pos": [0, 0], "size": [300, 200]}, {"id": 2, "pos": {"0": 20, "1": 20}}]
    assert places(nodes, {1: (300, 500)}) == {1: [0, 0], 2: [20, 20]}
    nodes[1]["flags"] = {"collapsed": True}
    assert places(nodes, {1: (300, 500)}) == {1: [0, 0]}
