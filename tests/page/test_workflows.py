"""The shared workflows in the page: each loads without a complaint and runs by the queue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image
from standin.workflow import to_prompt

from drawbridge.devtools.browser import ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import look_at_all, save_server
from drawbridge.devtools.shared_graphs import FOLDER
from drawbridge.emulator.server.server import Emulator

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))

# Pairs of nodes that lie on each other, once all are drawn and keep their sizes.
_OVERLAPS = """
async () => {
  const isVue = LiteGraph.vueNodesMode;
  const rectOf = (node) => {
    if (!isVue) return node.getBounding();
    const element = document.querySelector(`[data-node-id="${node.id}"]`);
    const { x, y, width, height } = element?.getBoundingClientRect() ?? {};
    return [x, y, width, height];
  };
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const { nodes } = app.graph;
  let rects = [];
  for (let still = 0; still < 10; ) {
    await frame();
    const now = nodes.map((node) => [...rectOf(node)]);
    still = JSON.stringify(now) === JSON.stringify(rects) && now.every(([x]) => x) ? still + 1 : 0;
    rects = now;
  }
  const shared = (a, b, axis) =>
    Math.min(a[axis] + a[axis + 2], b[axis] + b[axis + 2]) - Math.max(a[axis], b[axis]);
  return nodes.flatMap((one, i) => nodes.slice(i + 1).flatMap((other, j) => {
    const [a, b] = [rects[i], rects[i + 1 + j]];
    return shared(a, b, 0) > 1 && shared(a, b, 1) > 1 ? [`${one.type} ${other.type}`] : [];
  }));
}
"""


@pytest.fixture(autouse=True)
def example(comfyui: RealComfyUI) -> None:
    """Save a picture with a transparent part: what Load Image gives as picture and mask."""
    picture = Image.new("RGBA", (512, 512), (200, 120, 40, 255))
    picture.paste((0, 0, 0, 0), (256, 0, 512, 512))
    picture.save(comfyui.base / "input" / "example.png")


def test_every_workflow_loads_and_says_what_the_file_says(
    page: ComfyPage, comfyui: RealComfyUI
) -> None:
    info = comfyui.object_info()
    for name in NAMES:
        workflow = read_workflow(FOLDER / f"{name}.json")
        page.load(workflow)
        theirs = page.prompt()
        assert page.missing() == [], name
        assert page.dialogs() == [], name
        for key, node in to_prompt(workflow, info).items():
            told = {field: theirs[key]["inputs"].get(field) for field in node["inputs"]}
            assert told == node["inputs"], f"{name}: {node['class_type']}"
    assert page.complaints == []


@pytest.mark.parametrize("name", NAMES)
def test_workflow_runs(
    open_page: Open, comfyui: RealComfyUI, serve: Callable[..., Emulator], name: str
) -> None:
    emulator = serve(strict=True)
    save_server(comfyui, emulator, "mine", default=True)
    page = open_page()
    page.load(read_workflow(FOLDER / f"{name}.json"))
    ending, told = page.run()
    assert ending == "execution_success", told.get("exception_message", told)
    assert emulator.journal.events("finished")
    assert page.dialogs() == []
    assert page.complaints == []


def test_nodes_of_a_workflow_do_not_overlap(page: ComfyPage) -> None:
    if page.is_frozen():
        pytest.skip("frontend 1.27 draws every row of a Vue node, also of ComfyUI's own")
    for name in NAMES:
        workflow = read_workflow(FOLDER / f"{name}.json")
        workflow["extra"] = {"linearMode": False}  # an app would show no nodes
        page.load(workflow)
        look_at_all(page)
        assert page.page.evaluate(_OVERLAPS) == [], name
