"""Connect in the page: which servers are asked by themselves, and what is shown of them."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from drawbridge.devtools.browser import ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import ROOT, RealComfyUI
from drawbridge.devtools.page_graphs import (
    LOAD_MODEL,
    List,
    New,
    build,
    calls,
    connect_to,
    panel,
    save_server,
)
from drawbridge.emulator.server.server import Emulator
from drawbridge.emulator.stock.models import MODELS

Serve = Callable[..., Emulator]
GRAPH = ROOT / "workflows" / "text_to_image.json"
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
    connection = {"port": emulator.port, "transport": "plaintext"}
    page.load(read_workflow(GRAPH), Connect=connection)
    expect(panel(page)).to_have_attribute("data-state", "unasked")
    assert calls(emulator) == []
    ending, told = page.run()
    assert ending == "execution_success", told.get("exception_message", told)
    expect(panel(page)).to_have_attribute("data-state", "connected")
    expect(panel(page)).to_contain_text(f"{len(MODELS)} models")
    assert page.complaints == []
