"""What the page tells of our nodes: help pages, words in its language, and example workflows."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError as PageTimeout

from drawbridge.devtools.browser import PACK_FOLDER, ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import ROOT
from drawbridge.devtools.shared_graphs import FOLDER, shared_graph

HELP = ROOT / "web" / "docs"
# The middle of a node's title, in the window, with a side bar on either side of it. Each node has
# a place of its own: two clicks at the same one may be a double click.
_TITLE = """
(type) => {
  const node = app.graph._nodes.find((one) => one.type === type);
  const { ds, canvas } = app.canvas;
  ds.scale = 0.8;
  ds.offset = [750 + 50 * Number(node.id) - node.pos[0], 250 - node.pos[1]];
  app.canvas.draw(true, true);
  const frame = canvas.getBoundingClientRect();
  return [frame.left + ds.scale * (node.pos[0] + ds.offset[0] + node.size[0] / 2),
          frame.top + ds.scale * (node.pos[1] + ds.offset[1] - 15)];
}
"""
# A widget's place in the window, where its tooltip comes up.
_WIDGET = """
([type, name]) => {
  const node = app.graph._nodes.find((one) => one.type === type);
  const { ds, canvas } = app.canvas;
  const frame = canvas.getBoundingClientRect();
  const { last_y } = node.widgets.find((one) => one.name === name);
  return [frame.left + ds.scale * (node.pos[0] + ds.offset[0] + node.size[0] / 2),
          frame.top + ds.scale * (node.pos[1] + ds.offset[1] + last_y + 10)];
}
"""
_WORDS = """
(type) => {
  const node = app.graph._nodes.find((one) => one.type === type);
  return { title: node.title,
           widgets: Object.fromEntries(node.widgets.map((one) => [one.name, one.label])),
           slots: node.outputs.map((one) => one.label ?? one.localized_name) };
}
"""
# The list holds only the pictures that it is scrolled to.
_ALL_WERE_SEEN = """
(names) => {
  const pictures = [...document.querySelectorAll("[role=dialog] img")];
  window.listed = new Set([...(window.listed ?? []), ...pictures.map(({ alt }) => alt)]);
  window.turn = (window.turn ?? 0) + 1;
  if (window.turn % 60 < 30) pictures.at(-1)?.scrollIntoView();
  else pictures[0]?.scrollIntoView({ block: "end" });
  return names.every((name) => window.listed.has(name));
}
"""
_IS_BACK = """
(name) => {
  const pictures = [...document.querySelectorAll("[role=dialog] img")];
  const found = pictures.find(({ alt }) => alt === name);
  (found ?? pictures[0]).scrollIntoView({ block: "end" });
  return found !== undefined && found.naturalWidth > 100;
}
"""
NODES = ("Drawbridge_Connect", "Drawbridge_LoadModel", "Drawbridge_Generate")


def help_of(kind: str, locale: str) -> Path:
    own = HELP / kind / f"{locale}.md"
    return own if own.is_file() else HELP / f"{kind}.md"


def ask_for_help(page: ComfyPage, kind: str) -> None:
    """Select a node and press the button with the i."""
    button = page.page.get_by_test_id("info-button")
    for _ in range(5):  # a page that has just loaded a graph may not hear the first click
        page.page.mouse.click(*page.page.evaluate(_TITLE, kind))
        with contextlib.suppress(PageTimeout):
            button.click(timeout=3000)
            return
    button.click()


def wait_for_help(page: ComfyPage, path: Path) -> None:
    """Wait until a help page's headings and the beginning of its first paragraph are shown."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    for line in lines:
        if line.startswith("#"):
            heading = page.page.get_by_role("heading", name=line.lstrip("# "), exact=True)
            heading.first.wait_for()
    page.page.get_by_text(lines[1].split("*")[0][:60]).first.wait_for()


def test_help_panel_shows_our_page(open_page: Open) -> None:
    page = open_page(Comfy_Sidebar_Location="right")  # a page of its own: side bars stay open
    page.load(read_workflow(shared_graph("text_to_image")))
    for kind in NODES:
        ask_for_help(page, kind)
        wait_for_help(page, HELP / f"{kind}.md")
    assert page.complaints == []


@pytest.mark.parametrize("locale", ["zh", "ja"])
def test_nodes_speak_the_language_of_the_page(open_page: Open, locale: str) -> None:
    page = open_page(Comfy_Locale=locale)
    page.load(read_workflow(shared_graph("text_to_image")), Connect={"host": "127.0.0.1"})
    for kind in NODES:
        said = page.page.evaluate(_WORDS, kind)
        words = definition(locale, kind)
        assert said["title"] == words["display_name"]
        assert said["slots"] == [words["outputs"][key]["name"] for key in sorted(words["outputs"])]
        labels = {
            name: said["widgets"][name] for name in words["inputs"] if name in said["widgets"]
        }
        assert labels
        assert labels == {name: words["inputs"][name]["name"] for name in labels}

    page.page.evaluate(_TITLE, "Drawbridge_Connect")
    page.page.evaluate("() => app.canvas.deselectAll()")
    inputs = definition(locale, "Drawbridge_Connect")["inputs"]
    for name in ("host", "port"):  # one that we draw, one that ComfyUI does
        page.page.mouse.move(5, 500)
        page.page.mouse.move(*page.page.evaluate(_WIDGET, ["Drawbridge_Connect", name]), steps=4)
        page.page.get_by_text(inputs[name]["tooltip"], exact=True).wait_for()
    panel = page.page.locator("[data-drawbridge=connect]")
    assert "Not asked yet" not in panel.inner_text()
    assert not panel.inner_text().isascii()

    ask_for_help(page, "Drawbridge_Connect")
    wait_for_help(page, help_of("Drawbridge_Connect", locale))
    assert page.complaints == []


def definition(locale: str, kind: str) -> dict[str, Any]:
    path = ROOT / "locales" / locale / "nodeDefs.json"
    return json.loads(path.read_text(encoding="utf-8"))[kind]


def test_template_browser_shows_our_workflows_and_opens_one(open_page: Open) -> None:
    page = open_page()
    page.command("Comfy.BrowseTemplates")
    dialog = page.page.get_by_role("dialog")
    dialog.get_by_text(PACK_FOLDER, exact=True).last.click()
    names = sorted(path.stem for path in FOLDER.glob("*.json"))
    first = dialog.get_by_role("img", name=names[0])
    first.wait_for()
    pictures = dialog.locator("img").evaluate_all("(all) => all.map((one) => one.alt)")
    shown = [one for one in pictures if one in names]
    assert shown == names[: len(shown)]
    page.wait_for(_ALL_WERE_SEEN, names)
    page.wait_for(_IS_BACK, "05 LoRA stack")
    dialog.get_by_role("img", name="05 LoRA stack").click()
    page.wait_for(
        "() => app.graph._nodes.some((node) => node.type === 'Drawbridge_LoRAStack')"
        " && !document.querySelector('[role=dialog]')"
    )
    assert page.missing() == []
    assert page.dialogs() == []
    assert page.widget("LoRAStack", "lora_1") == "Paper Cut-Out"
    assert page.complaints == []
