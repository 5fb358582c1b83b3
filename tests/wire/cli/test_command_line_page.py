"""docs/command-line.md: every command that it shows does what it says."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from drawbridge.cli.main import COMMANDS
from drawbridge.client.configuration import picture_file
from drawbridge.emulator.server.server import Emulator

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "command-line.md").read_text("utf-8")
BLOCKS = [block.splitlines() for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S)]
LINES = [line for block in BLOCKS for line in block]
QUICK = ("--width", "128", "--height", "128", "--steps", "2")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the files that the page names, in the folder in which the commands run."""
    photo = Image.new("RGB", (96, 64), (90, 140, 200))
    ImageDraw.Draw(photo).rectangle((10, 30, 60, 60), (120, 80, 40))
    photo.save(tmp_path / "photo.png")
    photo.save(tmp_path / "pose.png")
    mask = Image.new("L", (96, 64))
    mask.paste(255, (30, 20, 70, 50))
    mask.save(tmp_path / "mask.png")
    (tmp_path / "prompts.txt").write_text("# two\na lake\n\ndunes\n", encoding="utf-8")
    copied = {"model": "sd_v1.5_f16.ckpt", "seed": 5, "guidanceScale": 3}
    (tmp_path / "copied.json").write_text(json.dumps(copied), encoding="utf-8")
    theirs = {"1": {"class_type": "DrawThingsPrompt", "inputs": {"prompt": "a lake"}}}
    (tmp_path / "theirs.json").write_text(json.dumps(theirs), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_runs(
    serve: Callable[..., Emulator], run: Callable[..., Any], folder: Path
) -> None:
    emulator = serve(strict=True)
    made = {path.name for path in folder.iterdir()}
    for line in LINES:
        program, *words = shlex.split(line)
        assert program == "drawbridge"
        done = run(emulator, *words, *QUICK) if words[0] == "generate" else run(None, *words)
        assert done.code == 0, (line, done.err)
        new = {path.name for path in folder.iterdir()} - made
        assert new or "--skip-existing" in words, line
        made |= new
    seeds = [
        json.loads(picture_file.description((folder / name).read_bytes()))["seed"]
        for name in ("four-1.png", "four-2.png", "four-3.png", "four-4.png")
    ]
    assert seeds == [7, 100, 7, 100]
    ours = json.loads((folder / "ours.json").read_text(encoding="utf-8"))
    assert ours["1"]["class_type"] == "Drawbridge_Prompt"
    assert len(list(folder.glob("many-*.png"))) == 8
    again = json.loads(picture_file.description((folder / "another.png").read_bytes()))
    assert (again["c"], again["seed"]) == ("a lake at dawn", 8)
    copied = json.loads(picture_file.description((folder / "copied.png").read_bytes()))
    assert (copied["v2"]["sharpness"], copied["scale"], copied["seed"]) == (2, 3, 5)


def test_every_command_of_the_program_is_named() -> None:
    for name in COMMANDS:
        assert f"`{name}`" in PAGE or f"drawbridge {name}" in PAGE, name
