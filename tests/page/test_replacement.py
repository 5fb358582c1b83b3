"""A graph with nodes of the official pack, where that pack is absent: the page offers ours, and
opens what `drawbridge convert` has made of it."""

from __future__ import annotations

import pytest

from drawbridge.devtools.browser import ComfyPage
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.draw_things_graphs import crowded
from drawbridge.devtools.page_graphs import OVERLAPS, look_at_all
from drawbridge.graphs import draw_things_pack as pack
from drawbridge.graphs.convert import convert
from drawbridge.graphs.replacement import replacements

_OF_THEIRS = {
    "DrawThingsPrompt": [None, "a lake at dawn"],
    "DrawThingsSampler": {
        **{"seed": 77, "width": 768, "height": 512, "steps": 9, "cfg": 3.5, "strength": 0.75},
    },
}


def graph() -> dict[str, object]:
    """Return a graph of theirs: a prompt, a sampler and a picture that is saved."""
    values = _OF_THEIRS["DrawThingsSampler"]
    assert isinstance(values, dict)
    sampler = [values.get(name) for name in pack.LAYOUTS[pack.SAMPLER][0]]
    shape = {"flags": {}, "mode": 0, "properties": {}, "size": [300, 200]}
    link = {"name": "positive", "type": "STRING", "link": 1}
    nodes = [
        {
            **{"id": 1, "type": "DrawThingsPrompt", "pos": [0, 0], "order": 0, **shape},
            "inputs": [],
            "outputs": [{"name": "PROMPT", "type": "STRING", "links": [1]}],
            "widgets_values": _OF_THEIRS["DrawThingsPrompt"],
        },
        {
            **{"id": 2, "type": "DrawThingsSampler", "pos": [400, 0], "order": 1, **shape},
            "inputs": [link],
            "outputs": [{"name": "IMAGE", "type": "IMAGE", "links": [2]}],
            "widgets_values": sampler,
        },
        {
            **{"id": 3, "type": "SaveImage", "pos": [800, 0], "order": 2, **shape},
            "inputs": [{"name": "images", "type": "IMAGE", "link": 2}],
            "outputs": [],
            "widgets_values": ["theirs"],
        },
    ]
    links = [[1, 1, 0, 2, 0, "STRING"], [2, 2, 0, 3, 0, "IMAGE"]]
    return {"version": 0.4, "last_node_id": 3, "last_link_id": 2, "nodes": nodes, "links": links}


def test_nodes_of_the_official_pack_become_ours_with_their_links(
    page: ComfyPage, comfyui: RealComfyUI
) -> None:
    status, offered = comfyui.request("GET", "/node_replacements")
    if status == 404:
        pytest.skip("this ComfyUI replaces no nodes; `drawbridge convert` does it there")
    assert {one.old for one in replacements()} <= set(offered)
    if "/node_replacements" not in page.requested:
        pytest.skip("this frontend offers no replacement of nodes")
    page.load(graph())
    details = page.page.get_by_role("button", name="View details")
    replace = page.page.get_by_role("button", name="Replace All")
    details.or_(replace).first.wait_for()
    if details.count():
        details.first.click()
    replace.first.click()
    page.wait_for("() => app.graph.nodes.some((one) => one.type === 'Drawbridge_Generate')")
    assert page.missing() == []
    generate = page.prompt()["2"]["inputs"]
    assert generate["prompt"] == ["1", 0]
    assert (generate["width"], generate["height"], generate["steps"]) == (768, 512, 9)
    assert (generate["seed"], generate["guidance"], generate["strength"]) == (77, 3.5, 0.75)
    assert page.widget("Prompt", "prompt") == "a lake at dawn"
    assert page.prompt()["3"]["inputs"]["images"] == ["2", 0]


def test_converted_graph_lies_as_theirs_did_and_says_what_it_said(page: ComfyPage) -> None:
    graph = crowded().graph
    notes = convert(graph).notes
    page.load(graph)
    look_at_all(page)
    assert (page.missing(), page.dialogs(), page.complaints) == ([], [], [])
    if not page.is_frozen():  # frontend 1.27 draws every row of a Vue node
        assert page.page.evaluate(OVERLAPS) == []
    assert page.widget("LoRAStack", "lora_2") == "flux_1_schnell_q8p.ckpt"
    assert page.widget("SettingsRefiner", "refiner_start") == 0.7
    assert page.widget("SettingsUpscaler", "upscaler_scale_factor") == 2
    assert page.widget("Prompt", "prompt") == "a lake"
    generate = page.prompt()["5"]["inputs"]
    assert (generate["width"], generate["sampler"], generate["prompt"]) == (
        960,
        "Euler A",
        ["4", 0],
    )
    said = page.page.evaluate(
        "() => app.graph.nodes.find((one) => one.type === 'Note').widgets[0].value"
    )
    assert notes
    assert all(note in said for note in notes)
