"""Pictures in the page: one of the command line is the graph that makes it again, one of the app
gives its settings.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageChops
from PIL.PngImagePlugin import PngInfo

from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.configuration.picture_metadata import XMP_KEYWORD, describe
from drawbridge.devtools.browser import ComfyPage, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import save_server
from drawbridge.devtools.shared_graphs import shared_graph
from drawbridge.emulator.server.server import Emulator

Serve = Callable[..., Emulator]
ROOT = Path(__file__).resolve().parents[2]
GRAPH = shared_graph("lora_stack")
_SELECT = """
() => {
  app.canvas.deselectAll();
  app.canvas.select(app.graph._nodes.find((one) => one.type === "Drawbridge_Generate"));
}
"""
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


def test_picture_of_the_app_sets_widgets_and_prompts(page: ComfyPage, tmp_path: Path) -> None:
    config = GenerationConfig(model="sd_v1.5_f16.ckpt", start_width=768, steps=11, seed=5)
    told, file = PngInfo(), tmp_path / "from the app.png"
    told.add_itxt(XMP_KEYWORD, describe(config, "a lake, 夜").xmp())
    Image.new("RGB", (768, 512)).save(file, pnginfo=told)
    page.load(read_workflow(GRAPH), Generate={"negative_prompt": "fog"})
    page.page.evaluate(_SELECT)
    with page.page.expect_file_chooser() as chooser:
        page.command("Drawbridge.PictureSettings")
    chooser.value.set_files(file)
    page.page.get_by_text("Configuration taken over").first.wait_for()
    given = [page.widget("Generate", name) for name in ("width", "height", "steps", "seed")]
    assert given == [768, 512, 11, 5]
    assert page.widget("Generate", "prompt") == "a lake, 夜"
    assert page.widget("Generate", "negative_prompt") == ""  # the app had none
    assert page.widget("LoadModel", "model") == "sd_v1.5_f16.ckpt"
    assert page.page.locator("input[type=file][accept='image/png,.png']").count() == 0

    other = tmp_path / "photo.jpg"
    Image.new("RGB", (8, 8)).save(other)
    with page.page.expect_file_chooser() as chooser:
        page.command("Drawbridge.PictureSettings")
    chooser.value.set_files(other)
    page.page.get_by_text("photo.jpg is no PNG file.").first.wait_for()
    assert page.complaints == []
