"""LoRA Stack and Moodboard show the rows in use and one more; what hidden rows hold is kept."""

from __future__ import annotations

import pytest
from PIL import Image

from drawbridge.devtools.browser import ComfyPage, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.shared_graphs import shared_graph

LORAS = shared_graph("lora_stack")
MOODBOARD = shared_graph("moodboard")
# Rows and slots of a node's numbered inputs that are to be seen, by name and number.
_SHOWN = """
([id, name]) => {
  const node = app.canvas.graph.getNodeById(id);
  const numbered = (names) => names.filter((one) => new RegExp(`^${name}_\\\\d+$`).test(one));
  if (!LiteGraph.vueNodesMode) {
    const shown = numbered(node.widgets.filter((one) => !one.hidden).map((one) => one.name));
    const [, least] = node.computeSize();
    return { rows: shown.length, fits: node.size[1] >= least };
  }
  const all = document.querySelector(`[data-node-id="${id}"]`);
  const names = new Map(node.widgets.map((one) => [one.label ?? one.name, one.name]));
  const text = (one) => one.ariaLabel ?? (one.children.length ? "" : one.textContent.trim());
  const named = (one) => names.get(text(one)) ?? text(one);
  const seen = [...all.querySelectorAll("*")].filter(
    (one) => numbered([named(one)]).length && one.checkVisibility() && one.offsetHeight > 0);
  const { bottom } = all.getBoundingClientRect();
  const fits = seen.every((one) => one.getBoundingClientRect().bottom <= bottom);
  return { rows: new Set(seen.map(named)).size, fits };
}
"""
_SLOTS = """
(id) => {
  const node = app.canvas.graph.getNodeById(id);
  const slots = node.inputs.filter((one) => /^image_\\d+$/.test(one.name));
  const source = (slot) => node.getInputNode(node.inputs.indexOf(slot))?.id ?? "";
  return slots.map((slot) => [slot.name, String(source(slot))]);
}
"""
_LINK = """
([id, name, from]) => {
  const node = app.graph.getNodeById(id);
  const slot = node.inputs.findIndex((one) => one.name === name);
  app.canvas.emitBeforeChange();
  if (from === null) node.disconnectInput(slot);
  else app.graph.getNodeById(from).connect(0, node, slot);
  app.canvas.emitAfterChange();
}
"""
# Adds a node as a person does; gives how much higher it is than what it shows.
_BLANK = """
async (type) => {
  app.graph.clear();
  const node = LiteGraph.createNode(type);
  node.pos = [100, 100];
  app.graph.add(node);
  const shown = () => document.querySelector(`[data-node-id="${node.id}"]`);
  // Vue has put it on the page, measured it, and told the node.
  for (let frame = 0; frame < 5 || (LiteGraph.vueNodesMode && !shown()); frame++)
    await new Promise(requestAnimationFrame);
  if (!LiteGraph.vueNodesMode) return node.size[1] - node.computeSize()[1];
  const { style } = shown();
  const high = shown().offsetHeight;
  for (const [name, value] of [["min-height", "0"], ["height", "auto"]])
    style.setProperty(name, value, "important");
  const enough = shown().offsetHeight;
  for (const name of ["min-height", "height"]) style.removeProperty(name);
  return high - enough;
}
"""
# How many rows are hidden of the LoRA Stack in the only subgraph.
_INSIDE = """
() => app.graph.nodes.find((one) => one.subgraph).subgraph.nodes
  .find((one) => one.type === "Drawbridge_LoRAStack")
  .widgets.filter((one) => one.hidden).length
"""
# Opens that subgraph; gives the id that the LoRA Stack has in it.
_ENTER = """
() => {
  const { subgraph } = app.graph.nodes.find((one) => one.subgraph);
  app.canvas.openSubgraph(subgraph, app.graph.nodes.find((one) => one.subgraph));
  return subgraph.nodes.find((one) => one.type === "Drawbridge_LoRAStack").id;
}
"""
_COPY = """
(id) => {
  const { canvas, graph } = app;
  const before = new Set(graph.nodes.map((node) => node.id));
  canvas.deselectAll();
  canvas.select(graph.getNodeById(id));
  canvas.copyToClipboard();
  canvas.pasteFromClipboard({ connectInputs: true });
  return graph.nodes.find((node) => !before.has(node.id)).id;
}
"""
# The middle of the only output of a node on the page, or of its input of a name.
_SLOT_AT = """
([id, name]) => {
  const node = app.graph.getNodeById(id);
  const isInput = name !== null;
  const { ds, canvas } = app.canvas;
  if (LiteGraph.vueNodesMode) {
    const side = isInput ? "input" : "output";
    const shown = document.querySelectorAll(
      `[data-node-id="${id}"] .lg-slot--${side}:not(.lg-node-widget *)`);
    const names = node.inputs.filter((one) => !one.widget).map((one) => one.name);
    const slot = shown[isInput ? names.indexOf(name) : 0];
    const frame = slot.querySelector("[data-slot-key]").getBoundingClientRect();
    return [frame.left + frame.width / 2, frame.top + frame.height / 2];
  }
  const slot = isInput ? node.inputs.findIndex((one) => one.name === name) : 0;
  const [x, y] = node.getConnectionPos(isInput, slot);
  const frame = canvas.getBoundingClientRect();
  return [frame.left + ds.scale * (x + ds.offset[0]), frame.top + ds.scale * (y + ds.offset[1])];
}
"""
_SHOW_ALL = """
(ids) => {
  const nodes = ids.map((id) => app.graph.getNodeById(id));
  nodes.forEach((node, place) => { node.pos = [place * 600, 0]; });
  app.canvas.ds.scale = 0.8;
  app.canvas.ds.offset = [150, 150];
  app.canvas.setDirty(true, true);
  app.canvas.draw(true, true);
}
"""
_PICTURES_SHOW = """
() => {
  const nodes = app.graph.nodes.filter((one) => one.type === "LoadImage");
  if (!LiteGraph.vueNodesMode) return nodes.every((one) => one.imgs?.[0]?.complete);
  const shown = nodes.map((one) => document.querySelector(`[data-node-id="${one.id}"] img`));
  return shown.every((one) => one?.complete && one.naturalWidth);
}
"""
_RELOAD = """
async () => {
  const saved = JSON.parse(JSON.stringify(app.graph.serialize()));
  await app.loadGraphData(saved, true, true, null);
  return saved;
}
"""
_VALUES = """
(id) => Object.fromEntries(
  app.graph.getNodeById(id).widgets.map((one) => [one.name, one.value]))
"""


@pytest.fixture(autouse=True)
def growing(page: ComfyPage, comfyui: RealComfyUI) -> None:
    """Skip where rows cannot come and go; save the picture that the workflow names."""
    if page.is_frozen():
        pytest.skip("frontend 1.27 copies a Vue node when it is added, and shows every row of it")
    Image.new("RGB", (64, 64), "teal").save(comfyui.base / "input" / "example.png")


def wait_for_rows(page: ComfyPage, node: int, name: str, rows: int) -> None:
    """Wait until so many rows of a node are to be seen, and lie inside of it."""
    script = f"(given) => (({_SHOWN})(given)).rows === {rows} && (({_SHOWN})(given)).fits"
    page.wait_for(script, [node, name])


def test_loras_come_and_go_with_their_rows(page: ComfyPage) -> None:
    stack = 3
    page.load(read_workflow(LORAS))
    wait_for_rows(page, stack, "lora", 2)
    page.change("LoRAStack", lora_2="second.ckpt", weight_2=0.25, mode_2="base")
    wait_for_rows(page, stack, "lora", 3)
    page.change("LoRAStack", lora_5="fifth.ckpt", weight_5=-0.5)
    wait_for_rows(page, stack, "lora", 6)
    wait_for_rows(page, stack, "weight", 6)
    values = page.page.evaluate(_VALUES, stack)

    saved = page.page.evaluate(_RELOAD)
    wait_for_rows(page, stack, "lora", 6)
    assert page.page.evaluate(_VALUES, stack) == values
    kept = next(node for node in saved["nodes"] if node["id"] == stack)["widgets_values"]
    assert kept[3:6] == ["second.ckpt", 0.25, "base"]
    assert len(kept) == 25  # eight rows of three, and the specification

    page.change("LoRAStack", lora_2="", lora_5="None")
    wait_for_rows(page, stack, "lora", 2)
    assert page.widget("LoRAStack", "weight_5") == -0.5
    page.command("Comfy.Undo")
    wait_for_rows(page, stack, "lora", 6)
    assert page.page.evaluate(_VALUES, stack) == values
    page.command("Comfy.Redo")
    wait_for_rows(page, stack, "lora", 2)
    page.page.evaluate(_RELOAD)
    wait_for_rows(page, stack, "lora", 2)
    inputs = page.prompt()[str(stack)]["inputs"]
    assert inputs["weight_2"] == 0.25
    assert inputs["weight_5"] == -0.5
    page.change("LoRAStack", lora_2="second.ckpt", lora_5="fifth.ckpt")
    wait_for_rows(page, stack, "lora", 6)
    assert page.page.evaluate(_VALUES, stack) == values
    copy = page.page.evaluate(_COPY, stack)
    wait_for_rows(page, copy, "lora", 6)
    assert page.page.evaluate(_VALUES, copy) == values
    assert page.complaints == []


@pytest.mark.parametrize("kind", ["LoRAStack", "Moodboard", "Connect"])
def test_new_node_is_as_high_as_what_it_shows(page: ComfyPage, kind: str) -> None:
    blank = page.page.evaluate(_BLANK, f"Drawbridge_{kind}")
    assert 0 <= blank <= 24, "one row at most, which is less than any that is hidden takes"
    assert page.complaints == []


def test_rows_inside_of_a_subgraph_need_not_be_looked_at(page: ComfyPage) -> None:
    stack = 3
    page.load(read_workflow(LORAS))
    wait_for_rows(page, stack, "lora", 2)
    page.page.evaluate(
        "(id) => void app.graph.convertToSubgraph(new Set([app.graph.getNodeById(id)]))", stack
    )
    page.page.evaluate(_RELOAD)
    page.wait_for(f"() => ({_INSIDE})() === 18")  # six rows of three
    page.page.evaluate("() => app.canvas.emitBeforeChange()")
    page.page.evaluate("() => { app.graph.nodes[0].pos[0] += 10; }")
    page.page.evaluate("() => app.canvas.emitAfterChange()")
    page.look_anew()
    assert page.page.evaluate(_INSIDE) == 18
    inner = page.page.evaluate(_ENTER)
    wait_for_rows(page, inner, "lora", 2)
    assert page.complaints == []


def test_pictures_of_the_moodboard_come_and_go_with_their_slots(page: ComfyPage) -> None:
    board, first, second = 5, 3, 4
    page.load(read_workflow(MOODBOARD))

    def expect(node: int, *sources: int | None) -> None:
        wait_for_rows(page, node, "weight", len(sources))
        wanted = [[f"image_{row}", str(source or "")] for row, source in enumerate(sources, 1)]
        page.wait_for(
            f"([id, wanted]) => JSON.stringify(({_SLOTS})(id)) === JSON.stringify(wanted)",
            [node, wanted],
        )

    expect(board, first, second, None)
    page.page.evaluate(_LINK, [board, "image_3", first])
    page.change("Moodboard", weight_3=0.5, weight_7=0.75)
    expect(board, first, second, first, None)
    page.page.evaluate(_RELOAD)
    expect(board, first, second, first, None)
    told = page.prompt()[str(board)]["inputs"]
    assert [told[f"image_{row}"][0] for row in (1, 2, 3)] == [str(first), str(second), str(first)]
    assert (told["weight_3"], told["weight_7"]) == (0.5, 0.75)
    copy = page.page.evaluate(_COPY, board)
    expect(copy, first, second, first, None)

    page.page.evaluate(_LINK, [board, "image_3", None])
    expect(board, first, second, None)
    page.command("Comfy.Undo")
    expect(board, first, second, first, None)
    page.page.evaluate(_LINK, [board, "image_2", None])
    expect(board, first, None, first, None)  # a gap stays, so that nothing moves
    page.page.evaluate(_LINK, [board, "image_3", None])
    expect(board, first, None)
    page.page.evaluate(_RELOAD)
    expect(board, first, None)
    assert page.widget("Moodboard", "weight_3") == 0.5
    assert page.complaints == []


def test_slot_that_a_link_opens_is_undone_with_it(page: ComfyPage) -> None:
    board, first, second = 5, 3, 4
    page.load(read_workflow(MOODBOARD))
    page.page.evaluate(_SHOW_ALL, [first, board])
    slots = f"([id, wanted]) => JSON.stringify(({_SLOTS})(id)) === JSON.stringify(wanted)"
    before = [["image_1", str(first)], ["image_2", str(second)], ["image_3", ""]]
    after = [*before[:2], ["image_3", str(first)], ["image_4", ""]]
    page.wait_for(slots, [board, before])
    wait_for_rows(page, board, "weight", 3)
    page.wait_for(_PICTURES_SHOW)  # nodes grow with them
    page.look_anew()
    start = page.page.evaluate(_SLOT_AT, [first, None])
    end = page.page.evaluate(_SLOT_AT, [board, "image_3"])
    page.page.mouse.move(*start)
    page.page.mouse.down()
    page.page.mouse.move(*end, steps=5)
    page.page.mouse.up()
    page.wait_for(slots, [board, after])
    page.look_anew()
    page.command("Comfy.Undo")
    page.wait_for(slots, [board, before])
    assert page.complaints == []
