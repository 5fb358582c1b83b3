"""The graph in a picture fits the nodes that it is of, in both of its forms."""

from __future__ import annotations

import json
from typing import Any

from drawbridge.graphs import remake
from drawbridge.graphs.own_nodes import own_nodes

WIDGETS = {"prompt": "a lake", "negative_prompt": "", "width": 128, "seed": 7, "sampler": "LCM"}


def read(*absent: str) -> tuple[dict[str, Any], dict[str, Any]]:
    told = remake.chunks("m.ckpt", '{"steps": 8}', WIDGETS, absent)
    assert list(told) == ["prompt", "workflow"]
    assert all(text.isascii() for text in told.values())
    return json.loads(told["prompt"]), json.loads(told["workflow"])


def test_every_link_has_both_ends_and_one_type() -> None:
    prompt, workflow = read()
    nodes = {node["id"]: node for node in workflow["nodes"]}
    assert len(workflow["links"]) == 6
    for number, source, output, target, slot, kind in workflow["links"]:
        given, taken = nodes[source]["outputs"][output], nodes[target]["inputs"][slot]
        assert given["type"] == taken["type"] == kind
        assert number in given["links"]
        assert taken["link"] == number
        assert prompt[str(target)]["inputs"][taken["name"]] == [str(source), output]


def test_widgets_are_named_and_placed_alike() -> None:
    prompt, workflow = read()
    for node in workflow["nodes"]:
        known = own_nodes().get(node["type"])
        if known is None:
            assert node["type"] == "SaveImage"
            continue
        placed = dict(zip(known.widgets, node["widgets_values"], strict=True))
        placed.pop("control_after_generate", None)
        inputs = prompt[str(node["id"])]["inputs"]
        assert {name: inputs[name] for name in placed} == placed
    generate = next(one for one in prompt.values() if one["class_type"] == "Drawbridge_Generate")
    assert {name: generate["inputs"][name] for name in WIDGETS} == WIDGETS


def test_pictures_that_are_not_in_the_file_are_named_in_a_note() -> None:
    _, workflow = read("an image", "a pose picture")
    [note] = [node for node in workflow["nodes"] if node["type"] == "Note"]
    assert "an image, a pose picture" in note["widgets_values"][0]
    assert not [node for node in read()[1]["nodes"] if node["type"] == "Note"]
