"""Small graphs in the page, and the lists that open beside their widgets.

A widget is named by its node and its own name. Nothing here knows pytest.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drawbridge.emulator.server.server import Emulator

from .browser import ComfyPage
from .comfyui.host import RealComfyUI

if TYPE_CHECKING:
    from playwright.sync_api import Locator

CONNECT = "Drawbridge_Connect"
LOAD_MODEL = "Drawbridge_LoadModel"
LORA_STACK = "Drawbridge_LoRAStack"

FREE = (700, 700)  # a place of the page where nothing is

_BUILD = """
async ([nodes, links]) => {
  const made = [];
  for (const { type, at, widgets } of nodes) {
    const node = LiteGraph.createNode(type);
    node.pos = at;
    // From 1.49 on a node takes the values of one that had its number before.
    const fresh = Object.fromEntries((node.widgets ?? []).map((one) => [one.name, one.value]));
    app.graph.add(node);
    for (const [name, value] of Object.entries({ ...fresh, ...widgets }))
      node.widgets.find((one) => one.name === name).value = value;
    made.push(node);
  }
  const slot = (slots, name) => Math.max(0, slots.findIndex((one) => one.name === name));
  for (const [source, output, target, input] of links)
    made[source].connect(slot(made[source].outputs, output),
                         made[target], slot(made[target].inputs, input));
  return made.map((node) => String(node.id));
}
"""
_NODE = "const node = app.canvas.graph.getNodeById(id) ?? app.canvas.graph.getNodeById(+id);"
_WIDGET = f"{_NODE} const widget = node.widgets.find((one) => one.name === name);"
_AT = f"""
([id, name]) => {{
  {_WIDGET}
  const {{ ds, canvas }} = app.canvas;
  const frame = canvas.getBoundingClientRect();
  const [x, y] = [node.pos[0] + node.size[0] / 2, node.pos[1] + widget.last_y + 10];
  return [frame.left + ds.scale * (x + ds.offset[0]), frame.top + ds.scale * (y + ds.offset[1])];
}}
"""
# What is to be seen on a node, drawn or in fields, with its colour.
_DRAWN = f"""
async (id) => {{
  {_NODE}
  if (LiteGraph.vueNodesMode) {{
    const fields = document.querySelectorAll(
      `[data-node-id="${{id}}"] :is(input, [role=combobox])`);
    const text = (one) => one.value || one.innerText.trim();
    return [...fields].map((one) => [text(one), getComputedStyle(one).color]);
  }}
  const prototype = CanvasRenderingContext2D.prototype;
  const {{ fillText }} = prototype;
  const told = [];
  prototype.fillText = function (text, ...rest) {{
    told.push([text, this.fillStyle]);
    return fillText.call(this, text, ...rest);
  }};
  try {{
    app.canvas.draw(true, true);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }} finally {{
    prototype.fillText = fillText;
  }}
  return told;
}}
"""
# Puts a Load Model into a subgraph that shows its model outside; gives the id of the node there.
OUTSIDE = """
(id) => {
  const load = app.graph.nodes.find((one) => String(one.id) === id);
  const { node, subgraph } = app.graph.convertToSubgraph(new Set([load]));
  const inner = subgraph.nodes.find((one) => one.type === load.type);
  const slot = inner.inputs.find((one) => one.name === "model");
  subgraph.addInput("model", slot.type).connect(slot, inner);
  node.pos = [480, 0];
  return String(node.id);
}
"""

# Pairs of nodes that lie on each other, once all are drawn and keep their sizes.
OVERLAPS = """
async () => {
  const isVue = LiteGraph.vueNodesMode;
  const rectOf = (node) => {
    if (!isVue) return node.getBounding();
    const element = document.querySelector(`[data-node-id="${node.id}"]`);
    const { x, y, width, height } = element?.getBoundingClientRect() ?? {};
    return [x, y, width, height];
  };
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const { nodes } = app.graph;
  let rects = [];
  for (let still = 0; still < 10; ) {
    await frame();
    const now = nodes.map((node) => [...rectOf(node)]);
    const drawn = now.every(([, , width]) => width > 0);
    still = drawn && JSON.stringify(now) === JSON.stringify(rects) ? still + 1 : 0;
    rects = now;
  }
  const shared = (a, b, axis) =>
    Math.min(a[axis] + a[axis + 2], b[axis] + b[axis + 2]) - Math.max(a[axis], b[axis]);
  return nodes.flatMap((one, i) => nodes.slice(i + 1).flatMap((other, j) => {
    const [a, b] = [rects[i], rects[i + 1 + j]];
    return shared(a, b, 0) > 1 && shared(a, b, 1) > 1 ? [`${one.type} ${other.type}`] : [];
  }));
}
"""


@dataclass(frozen=True)
class New:
    """A node to be added: its type, where it stands, and what its widgets hold."""

    type: str
    at: tuple[float, float] = (0, 0)
    widgets: dict[str, Any] = field(default_factory=dict)


def connect_to(port: int, at: tuple[float, float] = (0, 0)) -> New:
    """Return a Connect to a server on this computer."""
    return New(CONNECT, at, {"host": "127.0.0.1", "port": port, "transport": "plaintext"})


def build(
    page: ComfyPage, nodes: Sequence[New], links: Sequence[tuple[int, str, int, str]] = ()
) -> list[str]:
    """Put nodes into an empty graph and load it as a file would be; return the nodes' ids.

    `links` are (source, output, target, input): places in `nodes`, and names of slots.
    """
    page.page.evaluate("() => { app.graph.clear(); }")
    added = [{"type": one.type, "at": one.at, "widgets": one.widgets} for one in nodes]
    ids = page.page.evaluate(_BUILD, [added, links])
    page.load(saved(page))
    look_at_all(page)
    return ids


def saved(page: ComfyPage) -> dict[str, Any]:
    """Return the graph as the page would save it to a file."""
    text = "async () => JSON.stringify((await app.graphToPrompt()).workflow)"
    return json.loads(page.page.evaluate(text))


def look_at_all(page: ComfyPage) -> None:
    """Show the graph's upper left corner in its natural size."""
    page.page.evaluate(
        "() => { app.canvas.ds.scale = 1; app.canvas.ds.offset = [90, 120];"
        " app.canvas.setDirty(true, true); app.canvas.draw(true, true); }"
    )


def save_server(
    comfyui: RealComfyUI, emulator: Emulator, name: str = "", *, default: bool = False
) -> None:
    """Have ComfyUI keep an emulated server among those that the person has saved."""
    server = {"host": "127.0.0.1", "port": emulator.port, "transport": "plaintext"}
    kept = {"name": name or f"studio {emulator.port}", "default": default}
    status, answer = comfyui.request("POST", "/drawbridge/servers/save", {**server, **kept})
    assert status == 200, answer
    assert "error" not in answer


def calls(emulator: Emulator) -> list[Any]:
    """Return the calls that have come to an emulated server."""
    return [entry["rpc"] for entry in emulator.journal.events("call")]


def is_vue(page: ComfyPage) -> bool:
    """Return whether nodes are elements of the page."""
    return page.page.evaluate("() => !!LiteGraph.vueNodesMode")


def value_of(page: ComfyPage, node: str, name: str) -> Any:
    """Return what a widget holds."""
    return page.page.evaluate(f"([id, name]) => {{ {_WIDGET} return widget.value; }}", [node, name])


def wait_for_value(page: ComfyPage, node: str, name: str, value: object) -> None:
    """Wait until a widget holds a value; undo, for one, takes a while."""
    page.wait_for(
        f"([id, name, value]) => {{ {_NODE}"
        " return node?.widgets?.find((one) => one.name === name)?.value === value; }",
        [node, name, value],
    )


def wait_for_tooltip(
    page: ComfyPage, node: str, name: str, words: str, *, there: bool = True
) -> None:
    """Wait until what ComfyUI shows while the mouse rests on a widget has some words, or not."""
    page.wait_for(
        f"([id, name, words, there]) => {{ {_WIDGET}"
        " return (widget.tooltip ?? '').includes(words) === there; }",
        [node, name, words, there],
    )


def drawn_on(page: ComfyPage, node: str) -> dict[str, str]:
    """Return the words that are to be seen on a node's widgets, each with its colour."""
    return dict(page.page.evaluate(_DRAWN, node))


def wait_until_drawn(page: ComfyPage, node: str, *words: str) -> None:
    """Wait until one of several texts is to be seen on a node's widgets, maybe with more around."""
    page.wait_for(
        f"async ([id, words]) => (await ({_DRAWN})(id))"
        ".some(([text]) => words.some((one) => text.includes(one)))",
        [node, words],
    )


def panel(page: ComfyPage, number: int = 0) -> Locator:
    """Return what Connect shows of its server; that of the first Connect, or another."""
    return page.page.locator("[data-drawbridge=connect]").nth(number)


def wait_until_connected(page: ComfyPage) -> None:
    """Wait until every Connect shows that its server has answered."""
    page.wait_for(
        "() => { const all = [...document.querySelectorAll('[data-drawbridge=connect]')];"
        " return all.length && all.every((one) => one.dataset.state === 'connected'); }"
    )


def face_of(page: ComfyPage, node: str, name: str) -> Locator:
    """Return the field of a Vue node that a widget is pressed at."""
    here = page.page.locator(f"[data-node-id='{node}']")
    text = f"([id, name]) => {{ {_WIDGET} return widget.label ?? name; }}"
    label = page.page.evaluate(text, [node, name])
    called = ", ".join(f"[aria-label={json.dumps(one)}]" for one in (name, label))
    newer = here.locator(f":is([role=combobox], input):is({called})")
    text_of = page.page.get_by_text
    shown = text_of(label, exact=True).or_(text_of(name, exact=True))  # 1.27 shows the name
    older = here.locator(".lg-widget-container", has=shown)
    return newer.or_(older.locator("input")).first


def press(page: ComfyPage, node: str, name: str) -> None:
    """Press a widget with the mouse."""
    if is_vue(page):
        face_of(page, node, name).click()
        return
    look_at_all(page)
    x, y = page.page.evaluate(_AT, [node, name])
    page.page.mouse.move(x, y)
    page.page.mouse.click(x, y)


def select(page: ComfyPage, node: str) -> None:
    """Select a node alone, and give ComfyUI the keys."""
    page.page.mouse.click(*FREE)
    page.page.evaluate(f"(id) => {{ {_NODE} app.canvas.selectItems([node]); }}", node)


class List:
    """The list that is open beside a widget."""

    def __init__(self, page: ComfyPage) -> None:
        self._page = page
        self.root = page.page.locator("[data-drawbridge=popover]")
        self.rows = self.root.locator("[role=option]")

    def open(self, node: str, name: str) -> List:
        """Open it with the mouse; it has the keys then."""
        press(self._page, node, name)
        return self.wait_for_keys()

    def open_by_keys(self, node: str, name: str) -> List:
        """Open it as those do who have no mouse; ComfyUI has that for Vue's nodes only."""
        face_of(self._page, node, name).focus()
        self._page.page.keyboard.press("ArrowDown")
        return self.wait_for_keys()

    def wait_for_keys(self) -> List:
        """Wait until it is open and has the keys."""
        self.root.wait_for()
        self._page.wait_for(
            "() => document.activeElement?.matches('[data-drawbridge=popover] [role=combobox]')"
        )
        return self

    def search(self, text: str) -> List:
        """Type words into its field, in the place of those that are there."""
        self.root.get_by_role("combobox").fill(text)
        return self

    def close(self) -> None:
        """Leave it with everything as it was."""
        self._page.page.keyboard.press("Escape")
        self.root.wait_for(state="detached")

    def choose(self, value: str) -> None:
        """Press the row of a value."""
        self.row(value).click()
        self.root.wait_for(state="detached")

    def row(self, value: str) -> Locator:
        """Return the row of a value."""
        return self.root.locator(f"[role=option][data-value='{value}']")

    def values(self) -> list[str]:
        """Return the values of the rows, from top to bottom."""
        return self.rows.evaluate_all("(rows) => rows.map((one) => one.dataset.value)")

    def headings(self) -> list[str]:
        """Return the headings of the groups, from top to bottom."""
        return self.root.locator(".drawbridge-pick-heading").all_inner_texts()

    def notice(self) -> Locator:
        """Return what is said above the rows."""
        return self.root.locator(".drawbridge-pick-notice")
