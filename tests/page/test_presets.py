"""Presets in the page: saved and chosen at Generate, shared and added in the settings, and brought
by a model that is chosen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from drawbridge.devtools.browser import ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import List, face_of, is_vue, look_at_all, save_server
from drawbridge.devtools.shared_graphs import shared_graph
from drawbridge.emulator.server.server import Emulator

if TYPE_CHECKING:
    from playwright.sync_api import Locator

Serve = Callable[..., Emulator]
GRAPH = shared_graph("lora_stack")
SAVE = "+ save as a preset …"
# The list at the end of Generate, in the middle of the window.
_BEFORE = """
() => {
  const node = app.graph._nodes.find((one) => one.type === "Drawbridge_Generate");
  const widget = node.widgets.find((one) => one.name === "preset");
  app.canvas.ds.scale = 1;
  app.canvas.ds.offset = [600 - node.pos[0], 400 - node.pos[1] - node.size[1]];
  app.canvas.setDirty(true, true);
  app.canvas.draw(true, true);
  const frame = app.canvas.canvas.getBoundingClientRect();
  return [frame.left + 600 + node.size[0] / 2,
          frame.top + 400 - node.size[1] + widget.last_y + 10];
}
"""
_ENTRIES = """
() => app.graph._nodes.find((one) => one.type === "Drawbridge_Generate")
  .widgets.find((one) => one.name === "preset").options.values
"""


@pytest.fixture(autouse=True)
def tidy(comfyui: RealComfyUI) -> Iterator[None]:
    """Begin without presets of one's own, and leave none."""
    forget_all(comfyui)
    yield
    forget_all(comfyui)


def forget_all(comfyui: RealComfyUI) -> None:
    for one in own(comfyui):
        status, _ = comfyui.request("POST", "/drawbridge/presets/remove", {"name": one})
        assert status == 200


def own(comfyui: RealComfyUI) -> list[str]:
    """Return the names of the presets that a person has saved."""
    asked = {"model": "", "version": ""}
    status, answer = comfyui.request("POST", "/drawbridge/presets/list", asked)
    assert status == 200, answer
    return [one["name"] for one in answer["presets"] if one["kind"] in ("own", "other")]


def choose(page: ComfyPage, entry: str) -> None:
    """Choose an entry of Generate's list of presets with the mouse."""
    page.wait_for(f"(entry) => ({_ENTRIES})().includes(entry)", entry)
    x, y = page.page.evaluate(_BEFORE)
    if is_vue(page):
        face_of(page, page.node_id("Generate"), "preset").click()
        page.page.get_by_role("option", name=entry, exact=True).click()
        return
    page.page.mouse.move(x, y)
    page.page.mouse.click(x, y)
    page.page.locator(".litecontextmenu .litemenu-entry").filter(has_text=entry).last.click()


def save_as(page: ComfyPage, name: str) -> None:
    """Save what is wired to Generate as a preset."""
    choose(page, SAVE)
    dialog = page.page.locator("dialog[data-dialog=save-preset]")
    field = dialog.locator("[data-field=preset]")
    expect(field).to_be_focused()
    field.fill(name)
    field.press("Enter")
    dialog.wait_for(state="detached")


def test_preset_is_saved_and_chosen_at_generate(page: ComfyPage, comfyui: RealComfyUI) -> None:
    lora = "paper_cutout_zephyr_lora_f16.ckpt"
    given = {"steps": 9, "guidance": 2.5}
    page.load(read_workflow(GRAPH), Generate=given, LoRAStack={"lora_1": lora})
    choose(page, SAVE)
    dialog = page.page.locator("dialog[data-dialog=save-preset]")
    dialog.locator("[data-action=save]").click()
    expect(dialog).to_contain_text("A preset's name has 1 to 80 characters")
    dialog.locator("[data-action=cancel]").click()
    dialog.wait_for(state="detached")
    assert own(comfyui) == []

    save_as(page, "Ink at night")
    page.page.get_by_text("Ink at night").first.wait_for()  # a notice says so
    assert own(comfyui) == ["Ink at night"]
    page.set_widget("Generate", "steps", 30)
    page.set_widget("Generate", "guidance", 7)
    page.set_widget("LoRAStack", "lora_1", "")
    choose(page, "Ink at night")
    page.wait_for(
        "() => app.graph._nodes.find((one) => one.type === 'Drawbridge_Generate')"
        ".widgets.find((one) => one.name === 'steps').value === 9"
    )
    assert page.widget("Generate", "guidance") == 2.5
    assert page.widget("LoRAStack", "lora_1") == lora
    page.wait_for(
        "() => app.graph._nodes.find((one) => one.type === 'Drawbridge_Generate')"
        ".widgets.find((one) => one.name === 'preset').value === 'Ink at night'"
    )
    assert page.complaints == []


def test_preset_is_shared_and_added_as_a_file(
    open_page: Open, comfyui: RealComfyUI, tmp_path: Path
) -> None:
    page = open_page()
    page.load(read_workflow(GRAPH), Generate={"steps": 9, "guidance": 2.5})
    save_as(page, "Ink & night")
    panel = settings(page)
    one = panel.locator("[data-list=presets] li[data-name='Ink & night']")
    expect(one).to_contain_text("9 steps")
    with page.page.expect_download() as download:
        one.locator("[data-action=prefer]").click()
    file = tmp_path / download.value.suggested_filename
    assert file.name == "Ink_night.json"
    download.value.save_as(file)
    shared: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert shared["name"] == "Ink & night"
    one.locator("[data-action=remove]").click()
    one.locator("[data-action=confirm]").click()
    one.wait_for(state="detached")
    assert own(comfyui) == []

    adds = panel.locator("[data-section=presets] input[type=file]")
    adds.set_input_files(file)
    expect(one).to_contain_text("9 steps")
    plain = tmp_path / "from the app.json"  # as Copy Configuration gives it: it has no name
    plain.write_text('{"steps": 12, "guidanceScale": 4, "sampler": 1}', encoding="utf-8")
    adds.set_input_files(plain)
    expect(panel.locator("li[data-name='from the app']")).to_contain_text("12 steps")
    wrong = tmp_path / "notes.json"
    wrong.write_text("not a preset", encoding="utf-8")
    adds.set_input_files(wrong)
    expect(panel.locator("[data-section=presets]")).to_contain_text("is not JSON")
    assert sorted(own(comfyui)) == ["Ink & night", "from the app"]
    page.page.keyboard.press("Escape")
    assert page.complaints == []


def settings(page: ComfyPage) -> Locator:
    page.command("Drawbridge.Settings")
    panel = page.page.locator("dialog[data-dialog=settings]")
    panel.locator("[data-section=presets]").wait_for()
    return panel


def test_chosen_model_brings_its_settings_where_that_is_wished(
    page: ComfyPage, serve: Serve, comfyui: RealComfyUI
) -> None:
    emulator = serve()
    save_server(comfyui, emulator)
    connection = {"host": "127.0.0.1", "port": emulator.port, "transport": "plaintext"}
    page.load(read_workflow(GRAPH), Connect=connection, Generate={"steps": 3, "guidance": 1.5})
    load = page.node_id("LoadModel")
    look_at_all(page)
    before = page.widget("Generate", "steps")
    place(page, load)
    listed = List(page).open(load, "model")
    listed.choose("sd_v1.5_f16.ckpt")
    page.page.get_by_text("This model has other recommended settings").first.wait_for()
    assert page.widget("Generate", "steps") == before

    listed = List(page).open(load, "model")
    listed.root.get_by_label("with its recommended settings").check()
    listed.choose("z_image_turbo_1.0_q8p.ckpt")
    page.wait_for(
        "() => app.graph._nodes.find((one) => one.type === 'Drawbridge_Generate')"
        ".widgets.find((one) => one.name === 'steps').value === 8"
    )
    assert page.widget("Generate", "guidance") == 1
    listed = List(page).open(load, "model")
    listed.root.get_by_label("with its recommended settings").uncheck()
    listed.close()
    assert page.complaints == []


def place(page: ComfyPage, node: str) -> None:
    """Bring a node to where it is free."""
    page.page.evaluate(
        "(id) => { const node = app.graph.getNodeById(id) ?? app.graph.getNodeById(+id);"
        " node.pos = [0, 0]; app.canvas.setDirty(true, true); app.canvas.draw(true, true); }",
        node,
    )
