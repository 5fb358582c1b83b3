"""ComfyUI's page in a browser, driven as a person would.

Nothing here knows pytest. A browser is Chromium or Chrome as installed on this computer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Route

VARIABLE = "CHROMIUM_PATH"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
READY_MS = 90_000
# What our pack is called there: for a help page, ComfyUI takes a name up to its first dot.
PACK_FOLDER = "ComfyUI-Drawbridge"
ENDINGS = ("execution_success", "execution_error", "execution_interrupted")
# What ComfyUI's own page says by itself: files it looks for and does without, and outside hosts.
NOT_OURS = (
    "Failed to load resource",
    "net::ERR_FAILED",
    "reading 'id'",  # uncaught in frontend 1.27, in its onChange
    "reading '$el'",  # uncaught in 1.36, whenever the list of a Vue node with a search is closed
    # Newer pages ask an older ComfyUI for what it has not.
    "Failed to fetch jobs",
    "Error loading fuse options",
    "Attempted to cleanup event listeners for graph that was never set up",  # its minimap
    "ComfyApp graph accessed before initialization",  # its stores, in 1.42 to 1.53
)
_WATCH = """
() => {
  window.seen = [];
  for (const name of ["execution_success", "execution_error", "execution_interrupted",
                      "executed", "progress", "progress_text", "drawbridge.server"])
    app.api.addEventListener(name, (event) => seen.push([name, event.detail ?? null]));
  app.api.addEventListener("b_preview", () => seen.push(["preview", null]));
}
"""


def find_browser(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the browser that CHROMIUM_PATH names, else one that is installed, else None.

    Raises FileNotFoundError where the variable names no file.
    """
    if environ.get(VARIABLE):
        path = Path(environ[VARIABLE])
        if not path.is_file():
            raise FileNotFoundError(f"{VARIABLE} is {path}, which is no file.")
        return path
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


@contextmanager
def started(executable: Path) -> Iterator[Browser]:
    """Run a browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


Open = Callable[..., "ComfyPage"]  # takes ComfyUI's settings, "_" in their names for "."


class ComfyPage:
    """ComfyUI's page with a graph: what is on it, and what a person does with it.

    `complaints` are errors on the console and uncaught ones, less those that the page has by
    itself; `requested` are the paths that it has asked ComfyUI for, which tell what it can do.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requested: set[str] = set()
        self._url = url
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._complain(f"{error.name}: {error.message}"))
        page.route("**/*", self._let_through)

    def _let_through(self, route: Route) -> None:
        """Keep the page on this computer: it asks the web for news and templates."""
        parts = urlsplit(route.request.url)
        if parts.scheme in ("data", "blob") or parts.hostname == "127.0.0.1":
            self.requested.add(parts.path.removeprefix("/api"))
            route.continue_()
        else:
            route.abort()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._complain(message.text)

    def _complain(self, text: str) -> None:
        if not any(known in text for known in NOT_OURS):
            self.complaints.append(text[:500])

    def open(self) -> None:
        """Open the page and wait until it can be used."""
        self.page.goto(self._url)
        self._wait_until_ready()
        self.page.evaluate(_WATCH)

    def reload(self) -> None:
        """Open the page anew, with the graph that it had, as soon as the browser keeps that."""
        marks = self.page.evaluate("() => app.graph.nodes.map((node) => node.type)")
        self.wait_for(
            "(marks) => [localStorage, sessionStorage].some((store) => Object.values(store)"
            ".some((text) => marks.every((mark) => text.includes(mark))))",
            marks,
        )
        self.page.reload()
        self._wait_until_ready()
        self.wait_for("(count) => app.graph.nodes.length === count", len(marks))
        self.page.evaluate(_WATCH)

    def start_over(self) -> None:
        """Close what is open, take the graph away, and forget what was seen."""
        for _ in range(2):
            self.page.keyboard.press("Escape")
        self.page.evaluate(
            "() => { app.graph.clear(); app.lastNodeErrors = null; seen.length = 0;"
            " const closers = ['.p-toast-close-button', '.p-dialog-close-button',"
            " 'dialog [data-action=close]'].join();"
            " document.querySelectorAll(closers).forEach((one) => one.click()); }"
        )
        self.wait_for("() => !document.querySelector('.p-dialog, .p-toast-message, dialog[open]')")
        self.complaints.clear()

    def _wait_until_ready(self) -> None:
        self.page.wait_for_function(
            "window.app && app.graph && app.canvas && app.extensionManager"
            " && app.extensionManager.setting && document.querySelector('canvas')"
            " && Object.keys(LiteGraph.registered_node_types).includes('Drawbridge_Generate')",
            timeout=READY_MS,
        )
        self.page.keyboard.press("Escape")  # the dialog that offers templates at the first visit

    def load(self, workflow: Mapping[str, Any], **widgets: Mapping[str, Any]) -> None:
        """Load a graph as a file would be, then change widgets by node type without our prefix."""
        self.page.evaluate("(graph) => app.loadGraphData(graph, true, true, null)", workflow)
        for kind, values in widgets.items():
            self.change(kind, **values)

    def set_widget(self, kind: str, name: str, value: object) -> None:
        """Give a widget of the first node of a type a value, as typing it in would."""
        self.page.evaluate(
            """([type, name, value]) => {
              const node = app.graph._nodes.find((one) => one.type === type);
              const widget = node.widgets.find((one) => one.name === name);
              widget.value = value;
              widget.callback?.(value, app.canvas, node);
            }""",
            [f"Drawbridge_{kind}", name, value],
        )

    def node_id(self, kind: str) -> str:
        """Return the id of the first node of a type."""
        return self.page.evaluate(
            "(type) => String(app.graph._nodes.find((one) => one.type === type).id)",
            f"Drawbridge_{kind}",
        )

    def widget(self, kind: str, name: str) -> Any:
        """Return what a widget of the first node of a type holds."""
        return self.page.evaluate(
            "([type, name]) => app.graph._nodes.find((one) => one.type === type)"
            ".widgets.find((one) => one.name === name).value",
            [f"Drawbridge_{kind}", name],
        )

    def prompt(self) -> dict[str, Any]:
        """Return the graph in the API's form, as the page would queue it."""
        return self.page.evaluate("async () => (await app.graphToPrompt()).output")

    def missing(self) -> list[str]:
        """Return the types of the nodes that the page does not know."""
        return self.page.evaluate(
            "() => app.graph._nodes.map((node) => node.type)"
            ".filter((type) => !LiteGraph.registered_node_types[type])"
        )

    def is_frozen(self) -> bool:
        """Return whether Vue nodes stay as they were when they were added, as in frontend 1.27."""
        return self.page.evaluate(
            "() => LiteGraph.vueNodesMode && __COMFYUI_FRONTEND_VERSION__.startsWith('1.27.')"
        )

    def has_apps(self) -> bool:
        """Return whether graphs can be shown as apps with their own widgets, as from 1.42 on."""
        return self._has_setting("Comfy.AppBuilder.VueNodeSwitchDismissed")

    def has_panel(self) -> bool:
        """Return whether there is a panel at the side for what is selected, as from 1.36 on.

        1.36 has only the button that opens it; newer pages keep in a setting whether it is open.
        """
        button = self.page.get_by_role("button", name="Toggle properties panel")
        return self._has_setting("Comfy.RightSidePanel.IsOpen") or button.count() > 0

    def _has_setting(self, name: str) -> bool:
        return self.page.evaluate("(name) => app.extensionManager.setting.get(name) != null", name)

    def command(self, name: str) -> None:
        """Execute one of the page's commands."""
        self.page.evaluate("(name) => void app.extensionManager.command.execute(name)", name)

    def look_anew(self) -> None:
        """Have the page keep for undo whatever is different now, as it does at many a press."""
        self.page.evaluate(
            "async () => { for (let frame = 0; frame < 3; frame++)"  # Vue has measured nodes then
            " await new Promise(requestAnimationFrame);"
            " app.canvas.emitBeforeChange(); app.canvas.emitAfterChange(); }"
        )

    def change(self, kind: str, **values: object) -> None:
        """Set widgets as a person does: undo takes all of it back in one step."""
        self.page.evaluate("() => app.canvas.emitBeforeChange()")
        for name, value in values.items():
            self.set_widget(kind, name, value)
        self.page.evaluate("() => app.canvas.emitAfterChange()")

    def dialogs(self) -> list[str]:
        """Return the words of the dialogs and messages that are open."""
        return self.page.locator(".p-dialog, .p-toast-message").all_inner_texts()

    def error(self, problem: str) -> str:
        """Return what is to be read of the error that a run has ended with, once it says so."""
        button = self.page.get_by_role("button", name=re.compile("^(View details|See Errors)$"))
        details = button.first  # as newer pages have it
        dialog = self.page.locator(".p-dialog")
        details.or_(dialog).first.wait_for()
        if details.is_visible():
            details.click()
        self.page.get_by_text(problem).first.wait_for()
        return self.page.locator("body").inner_text()

    def queue(self) -> None:
        """Run the graph as the Run button does; what happens then is in `seen`."""
        self.page.evaluate("() => { window.seen.length = 0; return app.queuePrompt(0); }")

    def run(self, timeout_ms: int = 120_000) -> tuple[str, dict[str, Any]]:
        """Run the graph to its end; return how it ended, and what the page was told then."""
        self.queue()
        return self.ending(timeout_ms)

    def ending(self, timeout_ms: int = 120_000) -> tuple[str, dict[str, Any]]:
        """Wait until the queued graph has ended; return how, and what the page was told then."""
        return self.wait_for(
            "(endings) => seen.find(([name]) => endings.includes(name))"
            " ?? (app.lastNodeErrors && Object.keys(app.lastNodeErrors).length"
            "     ? ['refused', app.lastNodeErrors] : null)",
            list(ENDINGS),
            timeout_ms,
        )

    def seen(self, name: str) -> list[Any]:
        """Return what the page has been told under a name since the graph was queued."""
        return self.page.evaluate(
            "(name) => seen.filter(([one]) => one === name).map(([, detail]) => detail)", name
        )

    def wait_for(self, script: str, argument: object = None, timeout_ms: int = 30_000) -> Any:
        """Wait until a script gives something; return that."""
        return self.page.wait_for_function(
            script, arg=argument, timeout=timeout_ms, polling=50
        ).json_value()

    def screenshot(self, path: Path) -> None:
        """Write what is to be seen now."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)


def read_workflow(path: Path) -> dict[str, Any]:
    """Return a workflow file's graph."""
    return json.loads(path.read_text(encoding="utf-8"))
