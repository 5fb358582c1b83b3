"""ComfyUI's page: a real browser, the real ComfyUI, and an emulated server at the other end.

COMFYUI_PATH names the folders of one or more ComfyUIs, each of which is run with the page that it
comes with; COMFYUI_FRONTENDS names folders of further releases of the page, which the first ComfyUI
serves. Between folders stands the path separator.

What is shared ends with the last test of this folder: as long as a browser is driven, an event loop
counts as running in the thread, and other tests could have none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from drawbridge.devtools.browser import PACK_FOLDER, ComfyPage, Open, find_browser, started
from drawbridge.devtools.comfyui.interpreter import find_comfyuis
from drawbridge.devtools.comfyui.pairs import Pair, pairs
from drawbridge.emulator.server.server import Emulator, Options

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

    from drawbridge.devtools.comfyui.host import RealComfyUI

HERE = Path(__file__).resolve().parent
PAIRS = pairs()
RENDERINGS = {"classic": False, "vue": True}
SETTINGS = {
    "Comfy.TutorialCompleted": True,
    "Comfy.Minimap.Visible": False,
    "Comfy.Locale": "en",
    "Comfy.ColorPalette": "dark",
    "Comfy.Sidebar.Location": "left",
    "Comfy.VueNodes.Enabled": False,
}
VIEW: ViewportSize = {"width": 1700, "height": 1000}


def _reason() -> str:
    if not os.environ.get("COMFYUI_PATH"):
        return "COMFYUI_PATH names no ComfyUI to ask"
    if find_browser() is None:
        return "no Chromium is installed; CHROMIUM_PATH can name one"
    return ""


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of one frontend on one worker, so that one ComfyUI serves them all."""
    reason = _reason()
    for item in items:
        if HERE not in item.path.parents:
            continue
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))
        item.add_marker(pytest.mark.xdist_group("page"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser without a window; a busy computer may show things late."""
    from playwright.sync_api import expect

    expect.set_options(timeout=30_000)
    executable = find_browser()
    assert executable is not None, "these tests are skipped where there is no browser"
    with started(executable) as running:
        yield running


@pytest.fixture(
    scope="package",
    params=PAIRS or [None],
    ids=[pair.label for pair in PAIRS] or ["pinned"],
)
def comfyui(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealComfyUI]:
    """A running ComfyUI with our pack, one after the other for each pair."""
    from drawbridge.devtools.comfyui.host import RealComfyUI

    pair: Pair | None = request.param
    assert pair is not None, "these tests are skipped where COMFYUI_PATH is not set"
    assert pair.comfyui in find_comfyuis()
    base = tmp_path_factory.mktemp("page")
    with RealComfyUI(pair.comfyui, base, folder=PACK_FOLDER, arguments=pair.arguments) as running:
        yield running


@pytest.fixture(scope="package")
def open_page(browser: Browser, comfyui: RealComfyUI) -> Iterator[Open]:
    """Open pages, with ComfyUI's settings as keywords, "_" for "."; the same page for the same."""
    opened: dict[str, ComfyPage] = {}
    with ExitStack() as stack:

        def open_one(**settings: object) -> ComfyPage:
            named = {**SETTINGS, **{key.replace("_", "."): one for key, one in settings.items()}}
            key = json.dumps(named, sort_keys=True)
            comfyui.request("POST", "/settings", named)  # a page that is known may load again
            if key in opened:
                opened[key].start_over()
                return opened[key]
            context = browser.new_context(viewport=VIEW)
            stack.callback(context.close)
            opened[key] = ComfyPage(context.new_page(), comfyui.url)
            opened[key].open()
            return opened[key]

        yield open_one


@pytest.fixture(params=RENDERINGS)
def page(request: pytest.FixtureRequest, open_page: Open) -> ComfyPage:
    """The page, once with each way of drawing nodes."""
    return open_page(Comfy_VueNodes_Enabled=RENDERINGS[request.param])


@pytest.fixture(scope="package")
def used_ports() -> set[int]:
    """The ports that emulators have had: ComfyUI remembers what servers there have told it."""
    return set()


@pytest.fixture
def serve(used_ports: set[int]) -> Iterator[Callable[..., Emulator]]:
    """Start emulators with the options given; they end with the test."""
    with ExitStack() as stack:

        def start(**options: Any) -> Emulator:
            while True:
                emulator = stack.enter_context(Emulator(Options(**options)))
                if "port" in options or emulator.port not in used_ports:
                    used_ports.add(emulator.port)
                    return emulator

        yield start
