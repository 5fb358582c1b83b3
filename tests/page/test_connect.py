"""Connect in the page: which servers are asked by themselves, and what is shown of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from drawbridge.devtools.browser import ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import (
    CONNECT,
    LOAD_MODEL,
    List,
    New,
    build,
    calls,
    connect_to,
    is_vue,
    panel,
    save_server,
    saved,
    value_of,
    wait_for_value,
)
from drawbridge.devtools.shared_graphs import shared_graph
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS

Serve = Callable[..., Emulator]
GRAPH = shared_graph("text_to_image")
MODEL = "z_image_turbo_1.0_q8p.ckpt"


def test_only_a_saved_server_is_asked_by_itself(
    page: ComfyPage, serve: Serve, comfyui: RealComfyUI
) -> None:
    saved, foreign = serve(), serve()
    save_server(comfyui, saved)
    _, load, *_ = build(
        page,
        [
            connect_to(foreign.port),
            New(LOAD_MODEL, (480, 0), {"model": MODEL}),
            connect_to(saved.port, (960, 0)),
        ],
        [(0, "server", 1, "server")],
    )
    # Both were asked for at once, so the other's answer has come as well, or comes with it.
    expect(panel(page, 1)).to_have_attribute("data-state", "connected")
    expect(panel(page, 1)).to_contain_text(" ms")
    expect(panel(page, 1)).to_contain_text(f"{len(MODELS)} models")
    expect(panel(page)).to_have_attribute("data-state", "unasked")
    expect(panel(page)).not_to_have_attribute("data-asking", "")
    listed = List(page).open(load, "model")
    expect(listed.notice()).to_contain_text("has not been asked")
    assert listed.values() == [MODEL]
    listed.close()
    assert calls(foreign) == []

    panel(page).get_by_role("button", name="Test").click()
    expect(panel(page)).to_have_attribute("data-state", "connected")
    assert "Echo" in calls(foreign)
    panel(page).locator("[data-action=save]").click()
    expect(panel(page)).to_contain_text("Connected to 127.0.0.1")
    status, answer = comfyui.request("POST", "/drawbridge/servers/list", {})
    assert status == 200
    assert foreign.port in [one["port"] for one in answer["servers"]]
    assert page.complaints == []


def test_failure_is_said_with_its_remedy_and_passes(page: ComfyPage, serve: Serve) -> None:
    emulator = serve()
    port = emulator.port
    emulator.stop()
    build(page, [connect_to(port)])
    panel(page).get_by_role("button", name="Test").click()
    expect(panel(page)).to_have_attribute("data-state", "failed")
    expect(panel(page)).to_contain_text(f"Nothing listens at 127.0.0.1:{port}.")
    expect(panel(page)).to_contain_text("turn on API Server")
    serve(port=port)
    panel(page).get_by_role("button", name="Test").click()
    expect(panel(page)).to_have_attribute("data-state", "connected")
    assert page.complaints == []


def test_run_tells_the_page_of_its_server(open_page: Open, serve: Serve) -> None:
    emulator = serve()
    page = open_page()
    connection = {"host": "127.0.0.1", "port": emulator.port, "transport": "plaintext"}
    page.load(read_workflow(GRAPH), Connect=connection)
    expect(panel(page)).to_have_attribute("data-state", "unasked")
    assert calls(emulator) == []
    ending, told = page.run()
    assert ending == "execution_success", told.get("exception_message", told)
    expect(panel(page)).to_have_attribute("data-state", "connected")
    expect(panel(page)).to_contain_text(f"{len(MODELS)} models")
    assert page.complaints == []


@pytest.mark.parametrize("written", ["{}:{}", "http://{}:{}/", "grpc://{}:{}/path?a=b"])
def test_address_that_is_pasted_into_host_is_taken_apart(
    page: ComfyPage, serve: Serve, comfyui: RealComfyUI, written: str
) -> None:
    emulator = serve()
    (connect,) = build(page, [New(CONNECT, (0, 0), {"host": "x", "transport": "plaintext"})])
    listed = List(page).open(connect, "host")
    page.page.keyboard.press("ControlOrMeta+A")
    page.page.keyboard.insert_text(written.format("127.0.0.1", emulator.port))
    page.page.keyboard.press("Enter")
    listed.root.wait_for(state="detached")
    wait_for_value(page, connect, "host", "127.0.0.1")
    wait_for_value(page, connect, "port", emulator.port)
    panel(page).get_by_role("button", name="Test").click()
    expect(panel(page)).to_have_attribute("data-state", "connected")
    assert page.complaints == []


def forget_servers(comfyui: RealComfyUI) -> None:
    """Have ComfyUI keep no server."""
    _, kept = comfyui.request("POST", "/drawbridge/servers/list", {})
    for one in kept["servers"]:
        comfyui.request("POST", "/drawbridge/servers/remove", {"name": one["name"]})


def test_first_visit_leads_to_a_default_server_in_one_step(
    page: ComfyPage, serve: Serve, comfyui: RealComfyUI
) -> None:
    forget_servers(comfyui)
    emulator = serve()
    page.page.evaluate("() => app.api.dispatchEvent(new CustomEvent('drawbridge.changed'))")
    [connect] = build(page, [New(CONNECT)])
    expect(panel(page)).to_have_attribute("data-state", "unset")
    expect(panel(page)).to_contain_text("No server yet")
    panel(page).get_by_role("button", name="Set up").click()
    dialog = page.page.locator("[data-dialog=setup]")
    dialog.locator("[data-field=host]").fill(f"127.0.0.1:{emulator.port}")
    dialog.locator("[data-action=save]").click()
    dialog.wait_for(state="detached")
    expect(panel(page)).to_have_attribute("data-state", "connected")
    expect(panel(page)).to_contain_text("Connected to 127.0.0.1")
    expect(panel(page)).to_contain_text(f"Your default server, 127.0.0.1:{emulator.port}")
    _, kept = comfyui.request("POST", "/drawbridge/servers/list", {})
    [one] = kept["servers"]
    assert (one["transport"], kept["default"]) == ("plaintext", one["name"])

    assert value_of(page, connect, "host") == "default server"
    [node] = saved(page)["nodes"]
    assert str(emulator.port) not in str(node["widgets_values"])
    other = serve()
    save_server(comfyui, other, "other", default=True)
    page.page.evaluate("() => app.api.dispatchEvent(new CustomEvent('drawbridge.changed'))")
    expect(panel(page)).to_contain_text(f"Your default server, 127.0.0.1:{other.port}")
    assert page.complaints == []


def test_saved_server_is_taken_whole_in_the_place_of_the_default_one(
    page: ComfyPage, serve: Serve, comfyui: RealComfyUI
) -> None:
    forget_servers(comfyui)
    own, other = serve(), serve()
    save_server(comfyui, own, "own", default=True)
    save_server(comfyui, other, "other")
    page.page.evaluate("() => app.api.dispatchEvent(new CustomEvent('drawbridge.changed'))")
    [connect] = build(page, [New(CONNECT)])
    expect(panel(page)).to_contain_text(f"Your default server, 127.0.0.1:{own.port}")
    listed = List(page).open(connect, "host")
    listed.rows.filter(has_text="other").click()
    listed.root.wait_for(state="detached")
    held = {name: value_of(page, connect, name) for name in ("host", "port", "transport")}
    assert held == {"host": "127.0.0.1", "port": other.port, "transport": "plaintext"}
    expect(panel(page)).to_contain_text("Connected to other")
    assert page.complaints == []


def test_what_the_default_server_overrules_is_explained_only_as_long_as_it_does(
    page: ComfyPage, serve: Serve, comfyui: RealComfyUI
) -> None:
    if page.is_frozen():
        pytest.skip("frontend 1.27 copies a Vue node when it is added, with what is said of it")
    forget_servers(comfyui)
    save_server(comfyui, serve(), "own", default=True)
    page.page.evaluate("() => app.api.dispatchEvent(new CustomEvent('drawbridge.changed'))")
    [connect] = build(page, [New(CONNECT)])
    page.wait_for(_SAYS, [connect, "port", "the default server “own”"])
    page.change("Connect", host="mac.local")
    page.wait_for(_SAYS, [connect, "port", ""])
    if is_vue(page):
        field = page.page.locator(f'[data-node-id="{connect}"]').get_by_text("port", exact=True)
        field.hover()
        expect(page.page.get_by_role("tooltip")).to_contain_text("7859")
    assert page.complaints == []


# Gives whether a tooltip has these words, or for no words is that of the definition.
_SAYS = """
([id, name, words]) => {
  const { widgets } = app.graph.getNodeById(id);
  const { tooltip } = widgets.find((one) => one.name === name);
  return words ? !!tooltip?.includes(words) : !tooltip;
}
"""


def test_setup_says_why_a_server_does_not_answer(
    page: ComfyPage, serve: Serve, comfyui: RealComfyUI
) -> None:
    forget_servers(comfyui)
    emulator = serve()
    port = emulator.port
    emulator.stop()
    page.page.evaluate("() => app.api.dispatchEvent(new CustomEvent('drawbridge.changed'))")
    build(page, [New(CONNECT)])
    panel(page).get_by_role("button", name="Set up").click()
    dialog = page.page.locator("[data-dialog=setup]")
    dialog.locator("[data-field=host]").fill(f"127.0.0.1:{port}")
    dialog.locator("[data-action=save]").click()
    expect(dialog).to_contain_text(f"Nothing listens at 127.0.0.1:{port}.")
    dialog.locator("[data-action=anyway]").click()
    dialog.wait_for(state="detached")
    expect(panel(page)).to_have_attribute("data-state", "failed")
    assert page.complaints == []


_SHOWS = """
([id, name]) => {
  const node = app.canvas.graph.getNodeById(id);
  const widget = node.widgets.find((one) => one.name === name);
  if (!LiteGraph.vueNodesMode) return !widget.hidden && node.size[1] >= node.computeSize()[1];
  const all = document.querySelector(`[data-node-id="${id}"]`);
  const shown = [widget.name, widget.label].filter(Boolean);
  return [...all.querySelectorAll("*")].some(
    (one) => shown.includes(one.ariaLabel) && one.checkVisibility() && one.offsetHeight > 0);
}
"""
_COLORS = """
() => {
  const slot = app.canvas.default_connection_color_byType.DRAWBRIDGE_SERVER;
  const link = app.canvas.constructor.link_type_colors.DRAWBRIDGE_SERVER;
  const style = getComputedStyle(document.documentElement);
  const vue = style.getPropertyValue("--color-datatype-DRAWBRIDGE_SERVER");
  return slot && link === slot && vue === slot;
}
"""


def test_certificate_shows_only_where_the_transport_reads_it(page: ComfyPage) -> None:
    if page.is_frozen():
        pytest.skip("frontend 1.27 copies a Vue node when it is added, and shows every field of it")
    (connect,) = build(page, [connect_to(7859)], [])
    shows = f"([given, wanted]) => ({_SHOWS})(given) === wanted"
    page.wait_for(shows, [[connect, "certificate"], False])
    page.set_widget("Connect", "transport", "own certificate authority")
    page.wait_for(shows, [[connect, "certificate"], True])
    page.set_widget("Connect", "certificate", "/tmp/ca.pem")
    page.set_widget("Connect", "transport", "plaintext")
    page.wait_for(shows, [[connect, "certificate"], False])
    assert value_of(page, connect, "certificate") == "/tmp/ca.pem"


@pytest.mark.parametrize("palette", ["dark", "light"])
def test_our_sockets_have_colours_of_their_own(page: ComfyPage, palette: str) -> None:
    page.page.evaluate(
        "(id) => app.extensionManager.setting.set('Comfy.ColorPalette', id)", palette
    )
    try:
        page.wait_for(_COLORS)
    finally:
        page.page.evaluate("() => app.extensionManager.setting.set('Comfy.ColorPalette', 'dark')")
