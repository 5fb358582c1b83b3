"""The shared workflows in the page: each loads without a complaint and runs by the queue."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image
from standin.workflow import to_prompt

from drawbridge.devtools.browser import ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import OVERLAPS, look_at_all, save_server
from drawbridge.devtools.shared_graphs import FOLDER
from drawbridge.emulator.server.server import Emulator

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


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
        assert page.page.evaluate(OVERLAPS) == [], name
