"""A PNG of the command line, dropped into the page, is the graph that makes the picture again."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageChops

from drawbridge.devtools.browser import ComfyPage
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import save_server
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
ROOT = Path(__file__).resolve().parents[2]
_DROP = """
async ([name, data]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  await app.handleFile(new File([bytes], name, { type: "image/png" }));
}
"""


def test_picture_of_the_command_line_opens_and_runs(
    page: ComfyPage,
    serve: Serve,
    comfyui: RealComfyUI,
    tmp_path: Path,
) -> None:
    emulator, out = serve(), tmp_path / "lake.png"
    name = f"default {emulator.port}"
    save_server(comfyui, emulator, name, default=True)
    words = ("--model", "sd_v1.5_f16.ckpt", "--prompt", "a lake, 夜", "--seed", 4711)
    numbers = ("--width", 192, "--height", 128, "--steps", 3, "--set", "sharpness=2")
    where = ("--port", emulator.port, "--transport", "plaintext", "-o", out)
    given = [str(one) for one in (*words, *numbers, *where)]
    # In a process of its own: an event loop counts as running here.
    subprocess.run([sys.executable, "-m", "cli", "generate", *given], cwd=ROOT, check=True)
    before = set(comfyui.base.rglob("drawbridge_*.png"))
    data = base64.b64encode(out.read_bytes()).decode()
    page.page.evaluate(_DROP, [out.name, data])
    page.wait_for("() => app.graph._nodes.some((one) => one.type === 'Drawbridge_Generate')")
    assert page.widget("Generate", "prompt") == "a lake, 夜"
    assert page.widget("LoadModel", "model") == "sd_v1.5_f16.ckpt"
    told = json.loads(page.widget("ImportConfiguration", "configuration"))
    assert (told["seed"], told["sharpness"]) == (4711, 2)
    ending, why = page.run()
    assert ending == "execution_success", why.get("exception_message", why)
    [made] = set(comfyui.base.rglob("drawbridge_*.png")) - before
    with Image.open(out) as one, Image.open(made) as other:
        assert ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is None
    comfyui.request("POST", "/drawbridge/servers/remove", {"name": name})
    assert page.complaints == []
