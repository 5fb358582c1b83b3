"""Lists and rows after the page was told to draw its nodes the other way, and loaded anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from drawbridge.devtools.browser import ComfyPage, Open
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import (
    LOAD_MODEL,
    LORA_STACK,
    List,
    New,
    build,
    connect_to,
    look_at_all,
    save_server,
    value_of,
    wait_until_connected,
    wait_until_drawn,
)
from drawbridge.emulator.server.server import Emulator

TURBO = "z_image_turbo_1.0_q8p.ckpt"
BASE = "sd_xl_base_1.0_q6p_q8p.ckpt"
LINOCUT = "linocut_xl_lora_f16.ckpt"
GLASS = "glass_xl_transparent_lora_f16.ckpt"
WIRED = [(0, "server", 1, "server"), (1, "model", 2, "model"), (2, "loras", 3, "loras")]
_SWITCH = """
(on) => app.extensionManager.setting.set("Comfy.VueNodes.Enabled", on)
"""
_IS_DRAWN = """
([ids, on]) => !!LiteGraph.vueNodesMode === on
  && ids.every((id) => !!document.querySelector(`[data-node-id="${id}"] [aria-label]`) === on)
"""
# How the fields of a node's lists stand among its others: where they begin, how wide they are, and
# whether they look as if they were off. On the canvas: the width that each row is drawn with.
_LOOK = """
(id) => {
  const node = app.canvas.graph.getNodeById(id);
  const names = ["lora_1", "lora_2"];
  if (!LiteGraph.vueNodesMode)
    return { hidden: node.widgets.filter((one) => one.hidden).length,
             widths: [...new Set(node.widgets.map((one) => one.width ?? 0))],
             off: node.widgets.filter((one) => names.includes(one.name) && one.disabled).length };
  const labels = Object.fromEntries(node.widgets.map((one) => [one.label ?? one.name, one.name]));
  const shown = [...document.querySelectorAll(`[data-node-id="${id}"] [aria-label]`)]
    .filter((one) => one.checkVisibility() && one.matches("[role=combobox], input"));
  const named = (one) => labels[one.ariaLabel] ?? one.ariaLabel;
  const ours = shown.filter((one) => /^(lora|mode)_\\d$/.test(named(one)));
  const whole = (one) => one.closest("[role=combobox]") ?? one;
  const left = ours.map((one) => Math.round(whole(one).getBoundingClientRect().left));
  const opacity = (one) => one ? getComputedStyle(one).opacity * opacity(one.parentElement) : 1;
  return { names: ours.map(named), left: [...new Set(left)],
           off: ours.filter((one) => opacity(one) < 0.9).length };
}
"""


@pytest.fixture
def emulator(serve: Callable[..., Emulator], comfyui: RealComfyUI) -> Emulator:
    """A server that the person has saved."""
    running = serve()
    save_server(comfyui, running)
    return running


@pytest.fixture
def page(open_page: Open) -> Iterator[ComfyPage]:
    """A page of its own, which draws on the canvas in the end as in the beginning."""
    page = open_page(Comfy_LinkRenderMode=2)
    yield page
    page.page.evaluate(_SWITCH, False)


def draw_as(page: ComfyPage, ids: list[str], *, vue: bool) -> None:
    """Switch the rendering as the setting does; wait until all nodes are drawn so."""
    page.page.evaluate(_SWITCH, vue)
    page.wait_for(_IS_DRAWN, [ids, vue])
    look_at_all(page)


def check(page: ComfyPage, load: str, stack: str) -> None:
    """Choose in both lists, and see that they stand as their neighbours do."""
    listed = List(page)
    listed.open(load, "model").choose(TURBO)
    wait_until_drawn(page, load, "Z Image Turbo 1.0")
    listed.open(load, "model").choose(BASE)
    wait_until_drawn(page, load, "SDXL Base v1.0 (8-bit)")
    for lora in (GLASS, LINOCUT):
        listed.open(stack, "lora_1").choose(lora)
        assert value_of(page, stack, "lora_1") == lora
    look = page.page.evaluate(_LOOK, stack)
    assert look["off"] == 0, look
    if "names" in look:
        assert look["names"] == ["lora_1", "mode_1", "lora_2", "mode_2"]
        assert len(look["left"]) == 1, look
    else:
        assert look["hidden"] == 18, look  # six rows of three
        assert len(look["widths"]) == 1, look


def test_lists_and_rows_outlive_another_rendering_and_a_reload(
    page: ComfyPage, emulator: Emulator
) -> None:
    nodes = [
        connect_to(emulator.port),
        New(LOAD_MODEL, (480, 0), {"model": BASE}),
        New(LORA_STACK, (960, 0), {"lora_1": LINOCUT}),
        New("Drawbridge_Generate", (480, 400)),
    ]
    ids = build(page, nodes, WIRED)
    _, load, stack, _ = ids
    wait_until_connected(page)
    check(page, load, stack)
    draw_as(page, ids, vue=True)
    if page.is_frozen():
        pytest.skip("frontend 1.27 draws every row of a Vue node, whenever it was switched to")
    check(page, load, stack)
    page.reload()
    page.wait_for(_IS_DRAWN, [ids, True])
    look_at_all(page)
    wait_until_connected(page)
    check(page, load, stack)
    draw_as(page, ids, vue=False)
    check(page, load, stack)
    draw_as(page, ids, vue=True)
    check(page, load, stack)
    assert page.complaints == []
