"""Connect has one panel, its own, however often the page makes the node anew."""

from __future__ import annotations

from playwright.sync_api import expect

from drawbridge.devtools.browser import ComfyPage
from drawbridge.devtools.page_graphs import build, connect_to, is_vue, panel, wait_for_value

_RELOAD = """
async () => {
  const saved = JSON.parse(JSON.stringify(app.graph.serialize()));
  await app.loadGraphData(saved, true, true, null);
}
"""
_NODE = "const node = app.graph.nodes.find((one) => one.type === 'Drawbridge_Connect');"
_HEIGHT = f"() => {{ {_NODE} return node.size[1]; }}"
_MARK = f"() => {{ {_NODE} window.markedConnect = node; }}"
_MADE_ANEW = f"""
() => {{
  {_NODE}
  if (!node || node === window.markedConnect) return false;
  const panels = [...document.querySelectorAll("[data-drawbridge=connect]")];
  const own = node.widgets.find((one) => one.name === "status").element;
  return panels.length === 1 && panels[0] === own && own.offsetHeight > 0;
}}
"""
_BELOW = f"""
(id) => {{
  {_NODE}
  const own = node.widgets.find((one) => one.name === "status").element;
  return !!own.closest(`[data-node-id="${{id}}"]`);
}}
"""


def test_panel_is_one_after_undo_and_after_loading_again(page: ComfyPage) -> None:
    (connect,) = build(page, [connect_to(7859)])
    expect(panel(page)).to_have_attribute("data-state", "unasked")
    page.look_anew()
    before = page.page.evaluate(_HEIGHT)
    for port in (7001, 7002):
        page.page.evaluate(_MARK)
        page.change("Connect", port=port)
        page.command("Comfy.Undo")
        page.wait_for(_MADE_ANEW)
        wait_for_value(page, connect, "port", 7859)
        page.look_anew()
        assert page.page.evaluate(_HEIGHT) <= before
        page.page.evaluate(_MARK)
        page.page.evaluate(_RELOAD)
        page.wait_for(_MADE_ANEW)
        page.look_anew()
        assert page.page.evaluate(_HEIGHT) <= before
        assert page.page.evaluate(_BELOW, connect) == is_vue(page)
    assert page.complaints == []
