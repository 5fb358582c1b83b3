"""The app's configuration, pasted and copied from the menu of a node or by a command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from drawbridge.devtools.browser import ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.shared_graphs import shared_graph

GRAPH = shared_graph("lora_stack")
PASTE, COPY = "Paste configuration from Draw Things", "Copy configuration for Draw Things"
CLIPBOARD = ["clipboard-read", "clipboard-write"]
GIVEN = {
    **{"width": 768, "height": 1152, "steps": 22, "guidanceScale": 3.5, "seed": 7, "strength": 0.5},
    **{"model": "sd_v1.5_f16.ckpt", "sampler": 1},
    "loras": [{"file": "a.ckpt", "weight": 0.4}, {"file": "b.ckpt", "weight": 0.3}],
}
MORE = {"hiresFix": True, "hiresFixWidth": 512, "hiresFixHeight": 768}
# The middle of Generate's title, in the window.
_TITLE = """
() => {
  const node = app.graph._nodes.find((one) => one.type === "Drawbridge_Generate");
  const { ds, canvas } = app.canvas;
  ds.scale = 0.8;
  ds.offset = [600 - node.pos[0], 200 - node.pos[1]];
  app.canvas.draw(true, true);
  const frame = canvas.getBoundingClientRect();
  return [frame.left + ds.scale * (node.pos[0] + ds.offset[0] + node.size[0] / 2),
          frame.top + ds.scale * (node.pos[1] + ds.offset[1] - 15)];
}
"""
_SELECT = """
(type) => {
  app.canvas.deselectAll();
  app.canvas.select(app.graph._nodes.find((one) => one.type === type));
}
"""


@pytest.fixture
def here(open_page: Open) -> Iterator[ComfyPage]:
    """The page with a graph, and with the clipboard as the browser gives it at the end."""
    page = open_page()
    page.load(read_workflow(GRAPH))
    yield page
    page.page.context.clear_permissions()


def allow(page: ComfyPage, comfyui: RealComfyUI, *permissions: str) -> None:
    """Give the page these permissions and no other."""
    page.page.context.clear_permissions()
    page.page.context.grant_permissions(list(permissions), origin=comfyui.url)


def choose(page: ComfyPage, entry: str) -> None:
    """Choose an entry of Generate's menu."""
    page.page.mouse.click(*page.page.evaluate(_TITLE), button="right")
    page.page.locator(".litemenu-entry").get_by_text(entry, exact=True).click()


def taken(page: ComfyPage) -> dict[str, Any]:
    """Return what the configuration's widgets hold."""
    names = ("width", "height", "steps", "guidance", "seed", "strength", "sampler")
    widgets = {name: page.widget("Generate", name) for name in names}
    loras = [
        (page.widget("LoRAStack", f"lora_{row}"), page.widget("LoRAStack", f"weight_{row}"))
        for row in (1, 2, 3)
    ]
    return {**widgets, "model": page.widget("LoadModel", "model"), "loras": loras}


TAKEN = {
    **{"width": 768, "height": 1152, "steps": 22, "guidance": 3.5, "seed": 7, "strength": 0.5},
    **{"sampler": "Euler A", "model": "sd_v1.5_f16.ckpt"},
    "loras": [("a.ckpt", 0.4), ("b.ckpt", 0.3), ("", 0.6)],
}


def wait_for_notice(page: ComfyPage, words: str) -> None:
    page.page.get_by_text(words, exact=True).first.wait_for()


def test_configuration_makes_a_round_trip_by_the_menu(
    here: ComfyPage, comfyui: RealComfyUI
) -> None:
    before = taken(here)
    allow(here, comfyui, *CLIPBOARD)
    here.page.evaluate("(text) => navigator.clipboard.writeText(text)", json.dumps(GIVEN))
    choose(here, PASTE)
    wait_for_notice(here, "Configuration taken over")
    assert taken(here) == TAKEN

    here.page.evaluate("() => navigator.clipboard.writeText('')")
    choose(here, COPY)
    wait_for_notice(here, "Copied for Draw Things")
    text = here.page.evaluate("() => navigator.clipboard.readText()")
    copied = json.loads(text)
    assert {name: copied[name] for name in GIVEN if name != "loras"} == {
        name: value for name, value in GIVEN.items() if name != "loras"
    }
    assert [(one["file"], one["weight"]) for one in copied["loras"]] == [
        *(("a.ckpt", 0.4), ("b.ckpt", 0.3))
    ]

    here.command("Comfy.Undo")  # all of it is one step
    here.wait_for(
        "(width) => app.graph._nodes.find((one) => one.type === 'Drawbridge_Generate')"
        "?.widgets.find((one) => one.name === 'width').value === width",
        before["width"],
    )
    assert taken(here) == before
    here.page.evaluate(_SELECT, "Drawbridge_LoadModel")
    here.command("Drawbridge.PasteConfiguration")  # what the page itself has written
    here.wait_for(
        "() => app.graph._nodes.find((one) => one.type === 'Drawbridge_Generate')"
        ".widgets.find((one) => one.name === 'width').value === 768"
    )
    assert taken(here) == TAKEN
    assert here.page.locator("dialog").count() == 0
    assert here.complaints == []


def test_without_the_clipboard_the_text_goes_through_a_field(
    here: ComfyPage, comfyui: RealComfyUI
) -> None:
    allow(here, comfyui)
    choose(here, PASTE)
    dialog = here.page.locator("dialog[data-dialog=paste-configuration]")
    field = dialog.locator("[data-field=configuration]")
    assert field.evaluate("(one) => one === document.activeElement")
    before = taken(here)
    field.fill('{"width": 768,')
    dialog.locator("[data-action=take]").click()
    dialog.get_by_role("alert").wait_for()
    assert "The text is not JSON" in dialog.inner_text()
    assert taken(here) == before
    field.press("Delete")  # must not remove a node
    field.fill(json.dumps({**GIVEN, **MORE}))
    dialog.locator("[data-action=take]").click()

    rest = here.page.locator("dialog[data-dialog=rest]")
    assert "hires_fix_start_width" in rest.inner_text()
    rest.locator("[data-action=add]").click()
    rest.wait_for(state="detached")
    assert taken(here) == TAKEN
    sent = {node["class_type"]: node["inputs"] for node in here.prompt().values()}
    kept = json.loads(sent["Drawbridge_ImportConfiguration"]["configuration"])
    assert {name: kept[name] for name in MORE} == MORE

    choose(here, COPY)
    shown = here.page.locator("dialog[data-dialog=copy-configuration] textarea")
    copied = json.loads(shown.input_value())
    assert (copied["width"], copied["model"]) == (768, "sd_v1.5_f16.ckpt")
    assert shown.evaluate("(one) => one.selectionEnd - one.selectionStart > 100")
    here.page.keyboard.press("Escape")
    shown.wait_for(state="detached")
    assert here.complaints == []


def test_commands_say_which_node_to_select(here: ComfyPage) -> None:
    here.page.evaluate(_SELECT, "SaveImage")
    for command in ("Drawbridge.PasteConfiguration", "Drawbridge.CopyConfiguration"):
        here.command(command)
    notices = here.page.get_by_text("No node for a configuration is selected.", exact=True)
    notices.nth(1).wait_for()
    assert here.complaints == []


_LABELS = """
() => Object.fromEntries(app.graph._nodes.find((one) => one.type === "Drawbridge_Generate")
  .widgets.map((one) => [one.name, one.label ?? one.name]))
"""
_LIST = """
() => {
  const node = app.graph._nodes.find((one) => one.type === "Drawbridge_Generate");
  return node.widgets.find((one) => one.name === "preset");
}
"""


def test_what_settings_overrule_shows_the_value_that_wins(page: ComfyPage) -> None:
    """Both ways of drawing nodes: the label is what they have in common."""
    page.load(read_workflow(shared_graph("settings_from_the_app")))
    page.wait_for(f"() => ({_LABELS})().width?.endsWith('→ 768')")
    labels = page.page.evaluate(_LABELS)
    assert labels["seed"].endswith("→ 1234")
    assert "→" not in labels["prompt"]
    page.change("ImportConfiguration", configuration='{"steps": 9}')
    page.page.evaluate("() => app.api.dispatchEvent(new CustomEvent('graphChanged'))")
    page.wait_for(f"() => ({_LABELS})().steps.endsWith('→ 9')")
    assert "→" not in page.page.evaluate(_LABELS)["width"]
    sent = {node["class_type"]: node["inputs"] for node in page.prompt().values()}
    assert sent["Drawbridge_Generate"]["width"] == 1024
    assert page.complaints == []


def test_preset_of_the_app_is_one_choice_on_the_node(page: ComfyPage) -> None:
    page.load(
        read_workflow(GRAPH),
        LoadModel={"model": "qwen_image_2512_q6p.ckpt", "version": "qwen_image"},
    )
    name = "Qwen Image 2512 with Lightning 4-Step v1.0"
    page.wait_for(f"(name) => ({_LIST})()?.options.values.includes(name)", name)
    assert page.page.evaluate(f"() => ({_LIST})().value") == "other than recommended"
    page.page.evaluate(f"(name) => {{ ({_LIST})().callback(name); }}", name)
    page.wait_for(f"(name) => ({_LIST})().value === name", name)
    assert (page.widget("Generate", "steps"), page.widget("Generate", "guidance")) == (4, 1)
    assert page.widget("LoRAStack", "lora_2").startswith("qwen_image_2512_lightning_4_step")
    assert page.widget("Generate", "negative_prompt")
    page.page.evaluate(_SELECT, "Drawbridge_LoadModel")
    page.command("Drawbridge.RecommendedSettings")
    page.wait_for(f"() => ({_LIST})().value.startsWith('★')")
    assert page.widget("Generate", "steps") == 30
    assert page.widget("LoRAStack", "lora_2") == ""  # the app's own; that of the graph stays
    assert page.widget("LoRAStack", "lora_1")
    assert page.widget("Generate", "negative_prompt")
    # A model without a negative prompt takes another's away.
    page.set_widget("LoadModel", "model", "z_image_turbo_1.0_q8p.ckpt")
    page.set_widget("LoadModel", "version", "z_image")
    page.command("Drawbridge.RecommendedSettings")
    page.wait_for(
        "() => app.graph._nodes.find((one) => one.type === 'Drawbridge_Generate')"
        ".widgets.find((one) => one.name === 'steps').value === 8"
    )
    assert page.widget("Generate", "negative_prompt") == ""
    assert page.complaints == []
