"""Server Pool in the page: its servers are shown, and what hangs behind it chooses from them."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from drawbridge.devtools.browser import ComfyPage
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import (
    LOAD_MODEL,
    List,
    New,
    build,
    connect_to,
    panel,
    save_server,
    wait_until_connected,
    wait_until_drawn,
)
from drawbridge.emulator.server.server import Emulator

TURBO = "z_image_turbo_1.0_q8p.ckpt"
FJORD = "fjord_1_dev_q8p.ckpt"
_VISIBLE = """
(id) => {
  const node = app.canvas.graph.getNodeById(id);
  const [width, height] = node.size;
  const [, least] = node.computeSize();
  return LiteGraph.vueNodesMode
    ? document.querySelector(`[data-node-id="${id}"]`).offsetHeight > 40
    : width > 0 && height >= least;
}
"""


def test_pool_of_two_has_the_list_of_models_behind_it_and_runs(
    page: ComfyPage, serve: Callable[..., Emulator], comfyui: RealComfyUI
) -> None:
    first, second = serve(), serve()
    save_server(comfyui, first)
    save_server(comfyui, second)
    nodes = [
        connect_to(first.port),
        connect_to(second.port, (0, 480)),
        New("Drawbridge_ServerPool", (440, 0)),
        New(LOAD_MODEL, (840, 0), {"model": TURBO}),
        New("Drawbridge_Generate", (1240, 0), {"batch_count": 2, "width": 256, "height": 256}),
        New("SaveImage", (1700, 0)),
    ]
    links = [
        *((0, "server", 2, "server_1"), (1, "server", 2, "server_2"), (2, "server", 3, "server")),
        *((3, "model", 4, "model"), (4, "images", 5, "images")),
    ]
    _, _, pool, load, *_ = build(page, nodes, links)
    wait_until_connected(page)
    expect(panel(page, 1)).to_have_attribute("data-state", "connected")
    assert page.page.evaluate(_VISIBLE, pool)
    wait_until_drawn(page, load, "Z Image Turbo 1.0")
    List(page).open(load, "model").choose(FJORD)
    ending, told = page.run()
    assert ending == "execution_success", told.get("exception_message", told)
    made = [len(one.journal.events("finished")) for one in (first, second)]
    assert sum(made) == 2
    assert page.complaints == []
