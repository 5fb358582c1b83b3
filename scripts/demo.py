"""Makes a picture from a workflow file, with nothing but this checkout.

Starts the emulator in a process of its own on a free loopback port, executes
"example_workflows/01 Text to image.json" through the node classes, shows progress, and writes the
PNG under demo-output/. The host is the real ComfyUI where COMFYUI_PATH names one, each where it
names several, else a small stand-in.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import checkout

checkout.register()
ROOT = checkout.ROOT
sys.path.insert(0, str(ROOT / "devtools" / "standin"))

BAR_WIDTH = 30
GRAPH = ROOT / "example_workflows" / "01 Text to image.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0 when the workflow came to its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workflow", type=Path, default=GRAPH)
    parser.add_argument("--output", type=Path, default=ROOT / "demo-output")
    parser.add_argument("--step-ms", type=int, default=150, help="how long a sampling step takes")
    parser.add_argument("--prompt", help="instead of the workflow's own")
    parser.add_argument("--seed", type=int, help="instead of the workflow's own")
    options = parser.parse_args(arguments)
    workflow = json.loads(options.workflow.read_text(encoding="utf-8"))
    run = in_comfyui if os.environ.get("COMFYUI_PATH") else in_standin
    with emulator(options.step_ms) as port:
        changes = {
            "Drawbridge_Connect": {"host": "127.0.0.1", "port": port, "transport": "plaintext"},
            "Drawbridge_Generate": {
                name: value
                for name, value in (("prompt", options.prompt), ("seed", options.seed))
                if value is not None
            },
        }
        pictures = run(workflow, changes, options.output)
    for picture in pictures or ():
        say(f"Wrote {picture}")
    return 1 if pictures is None else 0


@contextlib.contextmanager
def emulator(step_ms: int) -> Iterator[int]:
    """Run the emulator in a process of its own; yield its port."""
    command = [sys.executable, "-m", "emulator", "--port", "0", "--step-ms", str(step_ms)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        if not first:
            raise SystemExit("The emulator did not start; its own words are above.")
        say(f"Emulator: {first.strip()}")
        yield int(first.split()[2].rpartition(":")[2])
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def prepared(
    workflow: dict[str, Any], info: dict[str, Any], changes: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return the workflow as a prompt, with some inputs changed by class."""
    from standin.workflow import to_prompt

    prompt = to_prompt(workflow, info)
    for node in prompt.values():
        node["inputs"].update(changes.get(node["class_type"], {}))
    return prompt


def in_standin(
    workflow: dict[str, Any],
    changes: dict[str, dict[str, Any]],
    output: Path,
    loaded: Image.Image | None = None,
) -> list[Path] | None:
    """Execute the workflow in the stand-in host; return the files it wrote, None if it failed.

    `loaded` is the picture that it loads, if it is not to be a made-up one.
    """
    from standin.executor import Host

    import drawbridge

    async def nodes() -> list[Any]:
        return await (await drawbridge.comfy_entrypoint()).get_node_list()

    progress = Progress()
    say("Host: the stand-in for ComfyUI")
    with tempfile.TemporaryDirectory(prefix="drawbridge-demo-") as pictures:
        put_pictures(workflow, Path(pictures), loaded)
        host = Host(asyncio.run(nodes()), output, progress.event, Path(pictures))
        outcome = host.run(prepared(workflow, host.object_info(), changes))
    progress.close()
    if outcome.status != "success":
        say(f"Node {outcome.node_id}: {outcome.status} {outcome.exception_type or ''}")
        say(outcome.exception_message or json.dumps(outcome.node_errors, indent=2))
        return None
    shown = list(outcome.ui.values())
    for video in (one for ui in shown for one in ui.get("videos", ())):
        say(f"Made a video of {video['frames']} frames, {video['fps']:g} a second")
    images = (image for ui in shown for image in ui.get("images", ()))
    return [Path(image["path"]) for image in images if "path" in image]  # saved, not only shown


def put_pictures(
    workflow: dict[str, Any], folder: Path, picture: Image.Image | None = None
) -> None:
    """Write the pictures that a workflow loads, unless they are there: the given one, or a slope of
    colours with a transparent disc, which is the mask.
    """
    picture = picture or _slope()
    for node in workflow["nodes"]:
        if node["type"] == "LoadImage" and not (folder / node["widgets_values"][0]).exists():
            folder.mkdir(parents=True, exist_ok=True)
            picture.save(folder / node["widgets_values"][0])


def _slope() -> Image.Image:
    import numpy as np
    from PIL import Image

    rows, columns = np.mgrid[0:512, 0:512] / 511
    colours = np.stack([rows, columns, 1 - rows, np.ones_like(rows)], axis=-1)
    colours[(rows - 0.5) ** 2 + (columns - 0.5) ** 2 < 0.04, 3] = 0
    return Image.fromarray((colours * 255).astype(np.uint8), "RGBA")


def in_comfyui(
    workflow: dict[str, Any], changes: dict[str, dict[str, Any]], output: Path
) -> list[Path] | None:
    """Execute the workflow in every real ComfyUI; return the files, moved to `output`.

    Return None where one of them failed.
    """
    from drawbridge.devtools.comfyui.interpreter import find_comfyuis

    made = [in_one_comfyui(one, workflow, changes, output) for one in find_comfyuis()]
    return None if None in made else [file for files in made for file in files or ()]


def in_one_comfyui(
    checkout: Path, workflow: dict[str, Any], changes: dict[str, dict[str, Any]], output: Path
) -> list[Path] | None:
    """Execute the workflow in a real ComfyUI; return the files it wrote, moved to `output`, None if
    it failed.
    """
    from drawbridge.devtools.comfyui.events import Event
    from drawbridge.devtools.comfyui.host import Ending, RealComfyUI

    progress = Progress()

    def watch(event: Event) -> None:
        progress.event(event.type, event.data)

    say(f"Host: the ComfyUI in {checkout}")
    with (
        tempfile.TemporaryDirectory(prefix="drawbridge-demo-") as base,
        RealComfyUI(checkout, Path(base), watch=watch) as host,
    ):
        put_pictures(workflow, host.base / "input")
        outcome = host.run(prepared(workflow, host.object_info(), changes), timeout_seconds=600)
        progress.close()
        if outcome.ending is not Ending.SUCCESS:
            say(f"Node {outcome.node_id}: {outcome.ending.name} {outcome.exception_type or ''}")
            say(outcome.message or "")
            return None
        output.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.move(file, unused(output / file.name))) for file in outcome.files]


def unused(path: Path) -> Path:
    """Return the path, counted up as Save Image would until no file has that name."""
    while path.exists():
        stem, count, rest = path.stem.rsplit("_", 2)
        path = path.with_name(f"{stem}_{int(count) + 1:0{len(count)}}_{rest}{path.suffix}")
    return path


class Progress:
    """Shows progress as a bar on a terminal, as lines elsewhere."""

    def __init__(self) -> None:
        self._previews = 0
        self._filled = ""
        self._is_open = False

    def event(self, name: str, data: dict[str, Any]) -> None:
        """Take an event of the host: name and data as ComfyUI sends them to the page."""
        if name == "preview":
            self._previews += 1
        elif name == "progress" and data["max"] > 1:
            done = data["value"] / data["max"]
            filled = "#" * round(done * BAR_WIDTH)
            line = f"[{filled:<{BAR_WIDTH}}] {done:4.0%}, {self._previews} previews"
            if sys.stdout.isatty():
                sys.stdout.write("\r" + line)
                sys.stdout.flush()
                self._is_open = True
            elif filled != self._filled:
                say(line)
            self._filled = filled

    def close(self) -> None:
        """End the bar's line."""
        if self._is_open:
            say("")


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
