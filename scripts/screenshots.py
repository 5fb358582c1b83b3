"""Takes the pictures of docs/images/ anew: ComfyUI's page, with the emulator at the other end.

COMFYUI_PATH names ComfyUI. `--frontend` is the folder of another release of its page, as in
COMFYUI_FRONTENDS. The nodes are drawn the new way (Vue).
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import checkout

checkout.register()
ROOT = checkout.ROOT
IMAGES = ROOT / "docs" / "images"

if TYPE_CHECKING:
    from playwright.sync_api import FloatRect, ViewportSize

    from drawbridge.devtools.browser import ComfyPage
    from drawbridge.devtools.comfyui.host import RealComfyUI

VIEW: ViewportSize = {"width": 1500, "height": 1300}
MARGIN_PX = 14


def main(arguments: Sequence[str] | None = None) -> None:
    """Write every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frontend", help="folder of another release of ComfyUI's page")
    options = parser.parse_args(arguments)
    from drawbridge.client.server_fields import DEFAULT_PORT
    from drawbridge.devtools.browser import PACK_FOLDER, ComfyPage, find_browser, started
    from drawbridge.devtools.comfyui.host import RealComfyUI
    from drawbridge.devtools.comfyui.interpreter import find_comfyui
    from drawbridge.emulator.server.server import Emulator, Options

    checkout, browser = find_comfyui(), find_browser()
    if checkout is None or browser is None:
        parser.error("COMFYUI_PATH names no ComfyUI, or no Chromium is installed")
    given = ["--front-end-root", options.frontend] if options.frontend else []
    with (
        tempfile.TemporaryDirectory(prefix="drawbridge-") as base,
        Emulator(Options(port=DEFAULT_PORT)) as emulator,
        RealComfyUI(checkout, Path(base), folder=PACK_FOLDER, arguments=given) as comfyui,
        started(browser) as running,
    ):
        prepare(comfyui, emulator.port)
        page = ComfyPage(running.new_page(viewport=VIEW, device_scale_factor=1.5), comfyui.url)
        page.open()
        graph(page, emulator.port)
        settings(page)


def prepare(comfyui: RealComfyUI, port: int) -> None:
    """Save a server and a credential, and choose how the page looks."""
    look = {
        "Comfy.TutorialCompleted": True,
        "Comfy.Minimap.Visible": False,
        "Comfy.VueNodes.Enabled": True,
        "Comfy.Graph.CanvasInfo": False,
    }
    comfyui.request("POST", "/settings", look)
    studio = {"host": "127.0.0.1", "port": port, "transport": "plaintext"}
    comfyui.request("POST", "/drawbridge/servers/save", {"name": "Studio", **studio})
    away = {"host": "mac.local", "port": 7859, "transport": "pinned certificate"}
    comfyui.request(
        "POST", "/drawbridge/servers/save", {"name": "Mac upstairs", "credential": "studio", **away}
    )
    secret = {"name": "studio", "servers": ["mac.local"], "secret": "not shown"}
    comfyui.request("POST", "/drawbridge/credentials/set", secret)


def graph(page: ComfyPage, port: int) -> None:
    """Take the whole graph after a run, its Connect, and the list of models."""
    from drawbridge.devtools.browser import read_workflow
    from drawbridge.devtools.shared_graphs import shared_graph

    page.load(
        read_workflow(shared_graph("text_to_image")),
        Connect={"host": "127.0.0.1", "port": port, "transport": "plaintext"},
    )
    page.page.evaluate(
        """() => {
          app.graph.remove(app.graph._nodes.find((node) => node.type === "MarkdownNote"));
          app.canvas.ds.scale = 0.8;
          app.canvas.ds.offset = [60, 170];  // below what tells of the last job
          app.canvas.setDirty(true, true);
        }"""
    )
    page.run()
    page.wait_for(
        "() => document.querySelector('[data-drawbridge=connect]').dataset.state === 'connected'"
        " && [...document.querySelectorAll('[data-node-id] img')].length > 1"
    )
    page.page.keyboard.press("Escape")
    take(page, "comfyui", "[data-node-id]")
    connect, model = (f'[data-node-id="{page.node_id(kind)}"]' for kind in ("Connect", "LoadModel"))
    take(page, "connect", connect)
    page.page.locator(f'{model} [role=combobox][aria-label="model"]').click()
    page.page.locator(".drawbridge-pick-search").fill("turbo")
    page.page.locator(".drawbridge-pick-row").first.wait_for()
    take(page, "picker", f"{model}, .drawbridge-pick")
    page.page.keyboard.press("Escape")


def settings(page: ComfyPage) -> None:
    """Take the panel of servers and credentials."""
    page.page.evaluate("() => app.extensionManager.command.execute('Drawbridge.Settings')")
    page.page.locator("[data-list=servers] > li").nth(1).wait_for()
    page.page.locator("[data-list=credentials] > li").first.wait_for()
    take(page, "settings", "[data-dialog=settings]")


def take(page: ComfyPage, name: str, selector: str) -> None:
    """Write what the elements cover, with a margin."""
    boxes = [box for one in page.page.locator(selector).all() if (box := one.bounding_box())]
    left, top = (min(box[side] for box in boxes) - MARGIN_PX for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN_PX
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN_PX
    left, top = max(left, 0), max(top, 0)
    clip: FloatRect = {
        "x": left,
        "y": top,
        "width": min(right, VIEW["width"]) - left,
        "height": min(bottom, VIEW["height"]) - top,
    }
    data = page.page.screenshot(clip=clip)
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture.save(IMAGES / f"{name}.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main()
