"""The shared workflows in the real ComfyUI, against a strict server: all of them run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from standin.workflow import to_prompt

from drawbridge.devtools.comfyui.host import Ending, RealComfyUI
from drawbridge.devtools.page_graphs import save_server
from drawbridge.devtools.shared_graphs import FOLDER
from drawbridge.emulator.server.server import Emulator, Options

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def example(path: Path) -> None:
    """Save a picture with a transparent half: what Load Image gives as picture and mask."""
    picture = Image.new("RGBA", (512, 512), (200, 120, 40, 255))
    picture.paste((0, 0, 0, 0), (256, 0, 512, 512))
    picture.save(path)


@pytest.mark.parametrize("name", NAMES)
def test_workflow_runs(comfyui: RealComfyUI, name: str) -> None:
    example(comfyui.base / "input" / "example.png")
    workflow = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    prompt = to_prompt(workflow, comfyui.object_info())
    with Emulator(Options(strict=True)) as emulator:
        save_server(comfyui, emulator, "mine", default=True)
        outcome = comfyui.run(prompt, timeout_seconds=180)
        assert outcome.ending is Ending.SUCCESS, outcome.message
        assert emulator.journal.events("finished")
    assert outcome.files
    assert all(file.stat().st_size > 1000 for file in outcome.files)


def test_templates_are_offered_with_thumbnails(comfyui: RealComfyUI) -> None:
    _, listed = comfyui.request("GET", "/workflow_templates")
    [ours] = [names for pack, names in listed.items() if "rawbridge" in pack]
    assert ours == NAMES  # in the order in which people start
    for name in NAMES:
        assert (FOLDER / f"{name}.jpg").is_file()
