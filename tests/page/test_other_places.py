"""The lists where the page shows widgets besides their nodes: its panel, App mode, subgraphs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from drawbridge.devtools.browser import ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import (
    LOAD_MODEL,
    OUTSIDE,
    List,
    New,
    build,
    connect_to,
    look_at_all,
    press,
    save_server,
    saved,
    select,
    value_of,
    wait_for_value,
    wait_until_connected,
    wait_until_drawn,
)
from drawbridge.devtools.shared_graphs import shared_graph
from drawbridge.emulator.server.server import Emulator

TURBO = "z_image_turbo_1.0_q8p.ckpt"
KONTEXT = "fjord_1_kontext_dev_q6p.ckpt"
GRAPH = shared_graph("text_to_image")


@pytest.fixture
def emulator(serve: Callable[..., Emulator], comfyui: RealComfyUI) -> Emulator:
    """A server that the person has saved."""
    running = serve()
    save_server(comfyui, running)
    return running


def field(page: ComfyPage, label: str) -> Locator:
    """Return the field of a widget where no node is."""
    fields = f":is([role=combobox], input)[aria-label={json.dumps(label)}]"
    return page.page.locator(f"{fields}:not([data-node-id] *)")


@pytest.fixture
def panel(page: ComfyPage) -> Iterator[ComfyPage]:
    """The page with its panel at the side, which is closed again."""
    if not page.has_panel():
        pytest.skip("frontend 1.27 has no such panel")
    toggle = page.page.get_by_role("button", name="Toggle properties panel")
    toggle.first.evaluate("(one) => one.click()")
    yield page
    toggle.first.evaluate("(one) => one.click()")
    page.wait_for("() => !document.querySelector('[data-testid=properties-panel]')")


def test_panel_at_the_side_has_the_list(panel: ComfyPage, emulator: Emulator) -> None:
    nodes = [connect_to(emulator.port), New(LOAD_MODEL, (480, 0), {"model": TURBO})]
    _, load = build(panel, nodes, [(0, "server", 1, "server")])
    wait_until_connected(panel)
    select(panel, load)
    field(panel, "model").click()
    listed = List(panel).wait_for_keys()
    assert "Z Image" in listed.headings()
    listed.choose(KONTEXT)
    assert value_of(panel, load, "model") == KONTEXT
    wait_for_text(field(panel, "model"), "Fjord.1 Kontext [dev]", KONTEXT)
    assert panel.complaints == []


def test_app_has_lists_and_sizes(open_page: Open, emulator: Emulator) -> None:
    page = open_page(Comfy_VueNodes_Enabled=True)
    if not page.has_apps():
        pytest.skip("frontends before 1.42 show no widgets of a graph as an app")
    workflow = read_workflow(GRAPH)
    ids = {node["type"]: node["id"] for node in workflow["nodes"]}
    generate, load = ids["Drawbridge_Generate"], ids[LOAD_MODEL]
    shown = [[load, "model"], [generate, "prompt"], [generate, "size_preset"]]
    app = {"linearMode": True, "linearData": {"inputs": shown, "outputs": [ids["SaveImage"]]}}
    to = {"host": "127.0.0.1", "port": emulator.port, "transport": "plaintext"}
    page.load({**workflow, "extra": app}, Connect=to)
    skip = page.page.get_by_role("button", name="Skip")
    model, size = field(page, "model"), field(page, "size").or_(field(page, "size_preset"))
    expect(model.or_(skip).first).to_be_visible()
    if skip.count():  # what newer pages say to those who are here for the first time
        skip.click()
    model.click()
    listed = List(page).wait_for_keys()
    listed.choose(KONTEXT)
    wait_for_value(page, str(load), "model", KONTEXT)
    size.click()
    page.page.get_by_role("option").filter(has_text="1216 x 832").click()
    wait_for_value(page, str(generate), "width", 1216)
    wait_for_value(page, str(generate), "height", 832)
    page.load(workflow)  # not an app
    assert page.complaints == []


def test_view_of_an_older_page_has_its_list_outside_of_a_subgraph(
    page: ComfyPage, emulator: Emulator
) -> None:
    """Until frontend 1.45 pages show widgets outside so; newer ones still read it in files."""
    nodes = [connect_to(emulator.port), New(LOAD_MODEL, (480, 0), {"model": TURBO})]
    _, load = build(page, nodes, [(0, "server", 1, "server")])
    wait_until_connected(page)
    host, inner = page.page.evaluate(
        """(id) => {
          const load = app.graph.nodes.find((one) => String(one.id) === id);
          const { node, subgraph } = app.graph.convertToSubgraph(new Set([load]));
          node.pos = [480, 0];
          return [node, subgraph.nodes[0]].map((one) => String(one.id));
        }""",
        load,
    )
    graph = saved(page)
    for node in graph["nodes"]:
        if str(node["id"]) == host:
            node.setdefault("properties", {})["proxyWidgets"] = [[inner, "model"]]
    page.load(graph)
    look_at_all(page)
    name = page.page.evaluate(
        "(id) => app.graph.nodes.find((one) => String(one.id) === id)"
        ".widgets.find((one) => one.name.endsWith('model'))?.name",
        host,
    )
    if name is None:
        assert not page.has_panel(), "1.27 alone has no such widgets"
        pytest.skip("frontend 1.27 shows no widgets outside so")
    press(page, host, name)
    listed = List(page).wait_for_keys()
    assert "Z Image" in listed.headings()
    listed.choose(KONTEXT)
    assert value_of(page, host, name) == KONTEXT
    prompt = page.prompt().values()
    assert [one["inputs"]["model"] for one in prompt if one["class_type"] == LOAD_MODEL] == [
        KONTEXT
    ]
    assert page.complaints == []


def test_names_outside_of_a_subgraph_come_with_the_servers_answer(
    page: ComfyPage, serve: Callable[..., Emulator]
) -> None:
    nodes = [connect_to(serve().port), New(LOAD_MODEL, (480, 0), {"model": TURBO})]
    _, load = build(page, nodes, [(0, "server", 1, "server")])
    host = page.page.evaluate(OUTSIDE, load)
    page.load(saved(page))
    look_at_all(page)
    wait_until_drawn(page, host, TURBO)  # nobody was asked
    page.page.locator("[data-drawbridge=connect] [data-action=test]").click()
    wait_until_connected(page)
    if not page.is_frozen():
        wait_until_drawn(page, host, "Z Image Turbo 1.0")
    assert page.complaints == []


def wait_for_text(locator: Locator, *texts: str) -> None:
    """Wait until a field holds one of several texts."""
    locator.page.wait_for_function(
        "([one, texts]) => texts.includes(one.value || one.innerText.trim())",
        arg=[locator.element_handle(), list(texts)],
    )
