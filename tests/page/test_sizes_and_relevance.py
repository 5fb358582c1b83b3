"""Generate offers its model's sizes, and dims what the model does not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drawbridge.devtools.browser import ComfyPage, read_workflow
from drawbridge.devtools.shared_graphs import shared_graph
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
GRAPH = shared_graph("text_to_image")
SIZE = "Drawbridge_SettingsSDXLSizeConditioning"
_ADD_SETTINGS = """
(type) => {
  const node = LiteGraph.createNode(type);
  const generate = app.graph._nodes.find((one) => one.type === "Drawbridge_Generate");
  node.pos = [generate.pos[0], generate.pos[1] - node.size[1] - 80];
  app.graph.add(node);
  node.connect(0, generate, "settings");
}
"""
# Names of a node's widgets that look dimmed; null where Vue has not shown the node yet.
_DIMMED = """
(type) => {
  const node = app.graph._nodes.find((one) => one.type === type);
  const isDimmed = (widget) => {
    if (!LiteGraph.vueNodesMode)
      return widget.element ? Number(widget.element.style.opacity || 1) < 1 : !!widget.disabled;
    const [field] = fields.filter((one) => called(one).some(
      (name) => name && [widget.name, widget.label].includes(name)));
    for (let one = field; one && one !== element; one = one.parentElement)
      if (Number(getComputedStyle(one).opacity) < 1) return true;
    return false;
  };
  const element = document.querySelector(`[data-node-id="${node.id}"]`);
  const fields = [...(element?.querySelectorAll("[aria-label], textarea") ?? [])];
  const called = (one) =>
    [one.ariaLabel, ...[...(one.labels ?? [])].map((label) => label.textContent.trim())];
  const isThere = !LiteGraph.vueNodesMode || fields.length;
  return isThere && node.widgets.filter(isDimmed).map((widget) => widget.name);
}
"""
_HEIGHT_IS = """
(height) => app.graph._nodes.find((one) => one.type === "Drawbridge_Generate")
  ?.widgets.find((one) => one.name === "height").value === height
"""
# What the fields for width and height of a Vue node show.
_FIELDS_SAY = """
(sides) => {
  const fields = [...document.querySelectorAll("[data-node-id] [role=spinbutton]")];
  const said = fields.map((one) => (one.value ?? one.textContent).replace(/[^0-9]/g, ""));
  return sides.every((side) => said.includes(side));
}
"""
# The middle of Generate's list of sizes on the canvas, or its button, the last one, in a Vue node.
_SIZE_AT = """
() => {
  const node = app.graph._nodes.find((one) => one.type === "Drawbridge_Generate");
  const widget = node.widgets.find((one) => one.name === "size_preset");
  const { ds, canvas } = app.canvas;
  ds.scale = 0.8;
  ds.offset = [400 - node.pos[0], 60 - node.pos[1]];
  app.canvas.draw(true, true);
  const frame = canvas.getBoundingClientRect();
  return { id: node.id, vue: LiteGraph.vueNodesMode, at: [
    frame.left + ds.scale * (node.pos[0] + ds.offset[0] + node.size[0] / 2),
    frame.top + ds.scale * (node.pos[1] + ds.offset[1] + widget.last_y + 10)] };
}
"""


def wait_for_dimmed(page: ComfyPage, kind: str, *names: str) -> None:
    """Wait until exactly these widgets of a node look dimmed."""
    page.wait_for(
        f"([type, names]) => JSON.stringify(({_DIMMED})(type)) === JSON.stringify(names)",
        [kind, list(names)],
    )


def sizes(page: ComfyPage) -> list[str]:
    """Open the list of sizes as a person does; return what it offers."""
    place = page.page.evaluate(_SIZE_AT)
    if place["vue"]:
        node = page.page.locator(f"[data-node-id='{place['id']}']")
        node.get_by_role("combobox").last.click()
    else:
        page.page.mouse.click(*place["at"])
    entries(page).first.wait_for()
    return [text.strip() for text in entries(page).all_inner_texts()]


def entries(page: ComfyPage) -> Any:
    return page.page.locator(".litemenu-entry, [role=option]")


def test_size_preset_sets_both_sides_and_is_not_sent(page: ComfyPage) -> None:
    page.load(read_workflow(GRAPH))
    saved = page.page.evaluate("() => app.graph.serialize()")
    assert any(one.startswith("1216 x 832") for one in sizes(page))
    entries(page).filter(has_text="1216 x 832").click()
    page.wait_for(_HEIGHT_IS, 832)
    if page.page.evaluate("() => LiteGraph.vueNodesMode"):
        page.wait_for(_FIELDS_SAY, ["1216", "832"])
    assert (page.widget("Generate", "width"), page.widget("Generate", "height")) == (1216, 832)
    sent = next(
        node["inputs"]
        for node in page.prompt().values()
        if node["class_type"] == "Drawbridge_Generate"
    )
    assert "size_preset" not in sent
    assert (sent["width"], sent["height"]) == (1216, 832)
    page.command("Comfy.Undo")
    page.wait_for(_HEIGHT_IS, 1024)
    assert page.widget("Generate", "width") == 1024
    again = page.page.evaluate("() => app.graph.serialize()")
    values = [
        next(node for node in graph["nodes"] if node["type"] == "Drawbridge_Generate")
        for graph in (saved, again)
    ]
    assert values[0]["widgets_values"] == values[1]["widgets_values"]
    assert page.complaints == []


def test_sizes_are_those_of_the_model_and_can_be_turned(page: ComfyPage) -> None:
    if page.is_frozen():
        pytest.skip("frontend 1.27 copies a Vue node when it is added, and its list with it")
    page.load(read_workflow(GRAPH), LoadModel={"version": "v1"}, Generate={"width": 768})
    page.wait_for(
        "() => app.graph._nodes.find((one) => one.type === 'Drawbridge_Generate')"
        ".widgets.at(-1).options.values.some((one) => one.startsWith('512 x 512'))"
    )
    offered = sizes(page)
    assert offered[0] == "768 x 1024"
    assert offered[1:3] == ["512 x 512 (1:1)", "576 x 448 (4:3)"]
    entries(page).last.click()
    assert (page.widget("Generate", "width"), page.widget("Generate", "height")) == (1024, 768)
    assert page.complaints == []


def test_what_the_model_does_not_read_is_dimmed_until_another_is_chosen(
    page: ComfyPage, serve: Serve
) -> None:
    if page.is_frozen():
        pytest.skip("frontend 1.27 copies a Vue node when it is added, and never dims it later")
    emulator = serve()
    connect = {"host": "127.0.0.1", "port": emulator.port, "transport": "plaintext"}
    page.load(read_workflow(GRAPH), Connect=connect, Generate={"negative_prompt": "rain"})
    page.page.evaluate(_ADD_SETTINGS, SIZE)
    page.change("SettingsSDXLSizeConditioning", crop_top=24)
    wait_for_dimmed(page, SIZE)  # nobody knows the model yet
    page.change("LoadModel", version="sdxl_base_v0.9")
    wait_for_dimmed(page, SIZE, "aesthetic_score", "negative_aesthetic_score")
    page.change("LoadModel", version="svd_i2v")
    wait_for_dimmed(page, "Drawbridge_Generate", "negative_prompt")
    page.wait_for(
        "() => app.graph._nodes.find((one) => one.type === 'Drawbridge_Generate')"
        ".widgets.find((one) => one.name === 'negative_prompt').tooltip.includes('does not read')"
    )
    assert len(page.page.evaluate(_DIMMED, SIZE)) > 8
    values = page.prompt()
    told = {name: value for node in values.values() for name, value in node["inputs"].items()}
    assert told["negative_prompt"] == "rain"
    assert told["crop_top"] == 24
    saved = page.page.evaluate("() => JSON.parse(JSON.stringify(app.graph.serialize()))")
    page.load(saved)
    wait_for_dimmed(page, "Drawbridge_Generate", "negative_prompt")
    # Nothing chosen by hand: what the server says of the model counts.
    page.change("LoadModel", model="sd_v1.5_f16.ckpt", version="automatic")
    wait_for_dimmed(page, "Drawbridge_Generate")
    page.page.locator("[data-drawbridge=connect] [data-action=test]").click()
    wait_for_dimmed(page, "Drawbridge_Generate")
    page.wait_for(f"() => ({_DIMMED})('{SIZE}').length > 8")
    page.change("LoadModel", version="sdxl_base_v0.9")
    wait_for_dimmed(page, SIZE, "aesthetic_score", "negative_aesthetic_score")
    assert page.widget("SettingsSDXLSizeConditioning", "crop_top") == 24
    assert page.complaints == []
