"""What people take from the page's libraries: graphs that open as apps, and the blueprint."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import expect

from drawbridge.devtools.browser import PACK_FOLDER, ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import (
    FREE,
    List,
    look_at_all,
    save_server,
    value_of,
    wait_until_drawn,
)
from drawbridge.devtools.shared_graphs import FOLDER, shared_graph
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
APPS = sorted(path.stem for path in FOLDER.glob("*.app.json"))
FJORD = "fjord_1_dev_q8p.ckpt"
BLUEPRINT = "Draw Things Text to Image"
_SAVE = """
(id) => {
  const host = app.graph.nodes.find((one) => String(one.id) === id);
  const save = LiteGraph.createNode("SaveImage");
  save.pos = [host.pos[0] + host.size[0] + 80, host.pos[1]];
  app.graph.add(save);
  host.connect(0, save, 0);
}
"""
# The list holds only the pictures that it is scrolled to.
_SHOW = """
(name) => {
  const pictures = [...document.querySelectorAll("[role=dialog] img")];
  const found = pictures.find(({ alt }) => alt === name);
  window.turn = (window.turn ?? 0) + 1;
  if (!found && window.turn % 60 < 30) pictures.at(-1)?.scrollIntoView();
  else (found ?? pictures[0])?.scrollIntoView({ block: "end" });
  return !!found;
}
"""


@pytest.mark.parametrize("name", APPS)
def test_ready_app_opens_as_one_and_runs(
    open_page: Open, serve: Serve, comfyui: RealComfyUI, name: str
) -> None:
    Image.new("RGB", (512, 512), "teal").save(comfyui.base / "input" / "example.png")
    emulator = serve(strict=True)
    save_server(comfyui, emulator, "mine", default=True)
    page = open_page(Comfy_VueNodes_Enabled=True)
    page.command("Comfy.BrowseTemplates")
    dialog = page.page.get_by_role("dialog")
    dialog.get_by_text(PACK_FOLDER, exact=True).last.click()
    page.wait_for(_SHOW, name)
    dialog.get_by_role("img", name=name).click()
    page.wait_for("() => app.graph._nodes.some((node) => node.type === 'Drawbridge_Generate')")
    if not page.has_apps():
        pytest.skip("this frontend shows no widgets of a graph as an app")
    try:
        prompt = page.page.locator("textarea:not([data-node-id] *)")
        skip = page.page.get_by_role("button", name="Skip")
        expect(prompt.or_(skip).first).to_be_visible()
        if skip.count():  # what newer pages say to those who are here for the first time
            skip.click()
        prompt.first.fill("a lighthouse at dawn")
        run(page)
        assert emulator.journal.events("finished")
        [asked] = emulator.journal.events("call", rpc="GenerateImage")
        assert "a lighthouse at dawn" in str(asked["request"])
        page.page.locator("img:not([data-node-id] *)[src*='/view']").first.wait_for()
        assert page.complaints == []
    finally:
        page.load(read_workflow(shared_graph("text_to_image")))  # no app


def run(page: ComfyPage) -> None:
    """Press the button that runs an app, and wait for its success."""
    page.page.evaluate("() => { seen.length = 0; }")
    page.page.get_by_role("button", name="Run").last.click()
    ending, told = page.ending()
    assert ending == "execution_success", told.get("exception_message", told)


def test_blueprint_is_one_node_with_its_list_and_runs(
    page: ComfyPage, serve: Serve, comfyui: RealComfyUI
) -> None:
    status, _ = comfyui.request("GET", "/global_subgraphs")
    if status == 404:
        pytest.skip("this ComfyUI offers no blueprints of packs")
    if "/global_subgraphs" not in page.requested:
        pytest.skip("this frontend asks for no blueprints of packs")
    emulator = serve(strict=True)
    save_server(comfyui, emulator, "mine", default=True)
    page.page.evaluate("() => app.api.dispatchEvent(new CustomEvent('drawbridge.changed'))")
    page.page.evaluate("() => { app.graph.clear(); }")
    page.page.mouse.move(*FREE)
    page.command("Workspace.SearchBox.Toggle")
    page.page.keyboard.type(BLUEPRINT)
    page.page.get_by_text(BLUEPRINT).first.wait_for()
    page.page.keyboard.press("Enter")
    page.wait_for("() => app.graph.nodes.length === 1")
    page.wait_for("() => !document.querySelector('[role=dialog]')")  # it lies above
    page.page.mouse.move(FREE[0] - 40, FREE[1] - 40, steps=4)
    page.page.mouse.click(*FREE)  # newer pages let people choose the place
    page.wait_for("() => !app.graph.nodes[0].flags?.ghost")
    host = page.page.evaluate("() => String(app.graph.nodes[0].id)")
    page.page.evaluate("() => { app.graph.nodes[0].pos = [0, 0]; }")
    look_at_all(page)
    wait_until_drawn(page, host, "Z Image Turbo 1.0")
    List(page).open(host, "model").choose(FJORD)
    assert value_of(page, host, "model") == FJORD
    page.page.evaluate(_SAVE, host)
    ending, told = page.run()
    assert ending == "execution_success", told.get("exception_message", told)
    [asked] = emulator.journal.events("call", rpc="GenerateImage")
    assert FJORD in str(asked["request"])
    assert page.complaints == []
