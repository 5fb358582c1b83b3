"""A credential added where Connect asks for one, and the secret that its owner types once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from drawbridge.devtools.browser import ComfyPage
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.page_graphs import CONNECT, List, New, build, connect_to, panel, value_of
from drawbridge.emulator.server.server import Emulator

SECRET = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def tidy(comfyui: RealComfyUI) -> Iterator[None]:
    """Leave neither servers nor credentials to the tests that come after."""
    yield
    for kind in ("servers", "credentials"):
        for one in ask(comfyui, f"{kind}/list")[kind]:
            ask(comfyui, f"{kind}/remove", name=one["name"])


def ask(comfyui: RealComfyUI, route: str, **body: object) -> dict[str, Any]:
    status, answer = comfyui.request("POST", f"/drawbridge/{route}", body)
    assert status == 200, answer
    return answer


def test_credential_is_added_at_connect_and_used_at_once(
    page: ComfyPage, serve: Callable[..., Emulator], comfyui: RealComfyUI
) -> None:
    emulator = serve(secret=SECRET)
    [connect] = build(page, [connect_to(emulator.port)])
    panel(page).get_by_role("button", name="Test").click()
    expect(panel(page)).to_have_attribute("data-state", "failed")
    expect(panel(page)).to_contain_text("secret")

    listed = List(page).open(connect, "credential").search("studio")
    listed.root.get_by_role("option").filter(has_text="Add a credential studio").click()
    dialog = page.page.locator("[data-dialog=credentials]")
    expect(dialog.locator("[data-field=name]")).to_have_value("studio")
    expect(dialog.locator("[data-field=servers]")).to_have_value(f"127.0.0.1:{emulator.port}")
    expect(dialog.locator("[data-field=secret]")).to_be_focused()
    page.page.keyboard.type(SECRET)
    page.page.keyboard.press("Enter")
    dialog.wait_for(state="detached")
    assert value_of(page, connect, "credential") == "studio"
    panel(page).get_by_role("button", name="Test").click()
    expect(panel(page)).to_have_attribute("data-state", "connected")

    assert SECRET not in page.page.content()
    assert page.complaints == []


def test_secret_is_wanted_before_it_may_go_in_a_weaker_way(
    page: ComfyPage, comfyui: RealComfyUI
) -> None:
    away = {"host": "studio.invalid", "port": 7859, "credential": "studio"}
    ask(comfyui, "credentials/set", name="studio", servers=["studio.invalid"], secret=SECRET)
    ask(comfyui, "servers/save", name="Studio", transport="pinned certificate", **away)
    widgets = {**away, "transport": "plaintext"}
    build(page, [New(CONNECT, (0, 0), widgets)])
    for typed, comes in (("", False), ("a guess", False), (SECRET, True)):
        panel(page).locator("[data-action=save]").click()
        dialog = page.page.locator("[data-dialog=secret]")
        expect(dialog).to_contain_text("Is the secret yours?")
        expect(dialog.locator("[data-field=secret]")).to_be_focused()
        page.page.keyboard.type(typed)
        page.page.keyboard.press("Enter")
        dialog.wait_for(state="detached")
        if comes:
            expect(panel(page).locator("[data-action=save]")).to_be_disabled()
        ways = [one["transport"] for one in ask(comfyui, "servers/list")["servers"]]
        assert ("plaintext" in ways) == comes
    assert page.complaints == []
