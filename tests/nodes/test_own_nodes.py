"""Our nodes as graphs have them, and what a new host can replace by them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from comfy_api import latest

from drawbridge.graphs.own_nodes import own_nodes
from drawbridge.graphs.replacement import replacements
from drawbridge.nodes import NODES
from drawbridge.nodes import replacements as offered
from drawbridge.scripts.own_nodes import table

NOW = table()


@pytest.mark.parametrize("node", list(own_nodes()))
def test_a_graph_that_is_written_fits_the_nodes(node: str) -> None:
    """Values stand in graphs by place, so what is known must be how the nodes begin."""
    known, now = own_nodes()[node], NOW[node]
    assert list(known.widgets) == [name for name, *_ in now["widgets"]][: len(known.widgets)]
    assert known.sockets.items() <= dict(now["sockets"]).items()
    outputs = [tuple(one) for one in now["outputs"]]
    assert list(known.outputs) == outputs[: len(known.outputs)]
    defaults = {name: default for name, _, default in now["widgets"]}
    assert known.defaults().items() <= defaults.items()


def test_every_replacement_fits_the_nodes() -> None:
    there = {node.GET_SCHEMA().node_id: node.GET_SCHEMA() for node in NODES}
    for one in replacements():
        names = [entry.id for entry in there[one.new].inputs]
        assert {ours for ours, _ in one.inputs} <= set(names), one
        assert len({ours for ours, _ in one.inputs}) == len(one.inputs)


async def test_a_host_that_can_replace_nodes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    async def register(one: Any) -> None:
        told.append(one)

    api = SimpleNamespace(node_replacement=SimpleNamespace(register=register))
    monkeypatch.setattr(latest, "ComfyAPI", lambda: api, raising=False)
    monkeypatch.setattr(latest.io, "NodeReplace", lambda **said: said, raising=False)
    await offered.register()
    by_old = {one["old_node_id"]: one for one in told}
    sampler = by_old["DrawThingsSampler"]
    assert sampler["new_node_id"] == "Drawbridge_Generate"
    assert {"new_id": "guidance", "old_id": "cfg"} in sampler["input_mapping"]
    assert {"new_id": "prompt", "old_id": "positive"} in sampler["input_mapping"]
    assert sampler["old_widget_ids"][5:8] == ["strength", "seed", "control_after_generate"]


async def test_a_host_that_cannot_is_left_alone() -> None:
    await offered.register()
