"""Servers, credentials and certificates in ComfyUI's settings: what a person adds counts at once.

A secret goes to ComfyUI's server once, and is in one private file from then on.
"""

from __future__ import annotations

import importlib.util
import stat
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from drawbridge.devtools.browser import ComfyPage, Open, read_workflow
from drawbridge.devtools.comfyui.host import RealComfyUI
from drawbridge.devtools.shared_graphs import shared_graph
from drawbridge.emulator.server.server import Emulator

if TYPE_CHECKING:
    from playwright.sync_api import Locator

Serve = Callable[..., Emulator]
GRAPH = shared_graph("text_to_image")
SECRET = "correct-horse-battery-staple"
# Where the canvas draws a widget of Connect, in the window; the node lies free at the left then.
_PLACE = """
([kind, name]) => {
  const node = app.graph._nodes.find((one) => one.type === kind);
  app.canvas.ds.scale = 1;
  app.canvas.ds.offset = [200 - node.pos[0], 200 - node.pos[1]];
  app.canvas.draw(true, true);
  const frame = app.canvas.canvas.getBoundingClientRect();
  const widget = node.widgets.find((one) => one.name === name);
  return [frame.left + 200 + node.size[0] / 2, frame.top + 200 + widget.last_y + 10];
}
"""
_FIELDS = "() => [...document.querySelectorAll('input, textarea')].map((one) => one.value)"
_LISTEN = """
() => {
  window.heard = [];
  app.api.socket.addEventListener("message", ({ data }) =>
    heard.push(typeof data === "string" ? data : new TextDecoder("latin1").decode(data)));
}
"""
_KEPT = "() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])"


@pytest.fixture(autouse=True)
def tidy(comfyui: RealComfyUI) -> Iterator[None]:
    """Begin with no servers, credentials or pins, and leave none to the tests that come after."""
    forget_all(comfyui)
    yield
    forget_all(comfyui)


def forget_all(comfyui: RealComfyUI) -> None:
    for kind, key, forget in (
        ("servers", "name", "remove"),
        ("credentials", "name", "remove"),
        ("pins", "address", "forget"),
    ):
        for one in ask(comfyui, f"{kind}/list")[kind]:
            ask(comfyui, f"{kind}/{forget}", {key: one[key]})


def ask(comfyui: RealComfyUI, route: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    status, answer = comfyui.request("POST", f"/drawbridge/{route}", body or {})
    assert status == 200, answer
    return answer


def open_settings(page: ComfyPage) -> Locator:
    """Open ComfyUI's settings where Drawbridge's are; return that panel."""
    page.command("Comfy.ShowSettingsDialog")
    dialog = page.page.get_by_role("dialog")
    dialog.get_by_text("Drawbridge", exact=True).first.click()
    dialog.locator("[data-section=pins]").wait_for()
    return dialog


def open_own_dialog(page: ComfyPage) -> Locator:
    """Open the dialog that the command in the menu shows; return it."""
    page.command("Drawbridge.Settings")
    return page.page.locator("dialog[data-dialog=settings]")


def close(page: ComfyPage) -> None:
    """Leave the settings as a person does who wants to go on."""
    page.page.keyboard.press("Escape")
    page.wait_for("() => !document.querySelector('.p-dialog, [data-section]')")


def add(panel: Locator, section: str, **fields: str) -> None:
    """Fill the form of a section and save it by Enter; wait until it is in the list."""
    here = panel.locator(f"[data-section={section}]")
    here.locator("[data-action=add]").click()
    for name, value in fields.items():
        field = here.locator(f"[data-field={name}]")
        if field.evaluate("(one) => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    here.locator("[data-field=name]").press("Enter")
    entry(panel, section, fields["name"]).wait_for()
    here.locator("form").wait_for(state="detached")


def entry(panel: Locator, section: str, name: str) -> Locator:
    return panel.locator(f"[data-list={section}] li[data-name='{name}']")


def remove(panel: Locator, section: str, name: str) -> None:
    """Press the button that removes, and the one that is asked for then."""
    one = entry(panel, section, name)
    one.locator("[data-action=remove]").click()
    one.locator("[data-action=confirm]").click()
    one.wait_for(state="detached")


def open_list(page: ComfyPage, name: str) -> Locator:
    """Press a widget of Connect that opens a list; return the list."""
    page.page.mouse.click(*page.page.evaluate(_PLACE, ["Drawbridge_Connect", name]))
    popover = page.page.locator("[data-drawbridge=popover]")
    popover.wait_for()
    return popover


def look_again(popover: Locator) -> None:
    """Press the button that looks for servers, or the one that takes its place later."""
    popover.locator("[data-action=ask], .drawbridge-pick-refresh:visible").first.click()


def load(page: ComfyPage, **connect: object) -> Locator:
    """Load the smallest graph; return what Connect's node says of its server."""
    page.load(read_workflow(GRAPH), Connect={"host": "127.0.0.1", **connect})
    page.page.evaluate(_PLACE, ["Drawbridge_Connect", "host"])
    return page.page.locator("[data-drawbridge=connect]")


def state(panel: Locator, wanted: str) -> str:
    """Wait until Connect says that its server is in a state; return all that it says."""
    panel.and_(panel.page.locator(f"[data-state={wanted}]")).wait_for()
    return panel.inner_text()


def test_added_server_is_offered_at_connect_and_asked_by_itself(
    open_page: Open, serve: Serve
) -> None:
    page, emulator = open_page(), serve()
    panel = open_settings(page)
    server = {"host": f"127.0.0.1:{emulator.port}", "transport": "plaintext", "at-once": "4"}
    add(panel, "servers", name="Studio", **server)
    assert f"127.0.0.1:{emulator.port}" in entry(panel, "servers", "Studio").inner_text()
    assert "4 at once" in entry(panel, "servers", "Studio").inner_text()
    close(page)

    shown = load(page)
    assert state(shown, "unasked").startswith("Not asked yet")
    open_list(page, "host").get_by_role("option").filter(
        has_text="Studio"
    ).last.click()  # the first is the default server
    assert page.widget("Connect", "port") == emulator.port
    assert page.widget("Connect", "transport") == "plaintext"
    assert page.widget("Connect", "at_once") == 4
    assert state(shown, "connected").startswith("Connected to Studio")

    panel = open_own_dialog(page)
    one = entry(panel, "servers", "Studio")
    one.locator("[data-action=edit]").click()
    panel.locator("[data-field=name]").fill("Loft")
    panel.locator("[data-action=save]").click()
    entry(panel, "servers", "Loft").wait_for()
    assert "4 at once" in entry(panel, "servers", "Loft").inner_text()
    assert one.count() == 0
    remove(panel, "servers", "Loft")
    assert "No server is saved yet." in panel.inner_text()
    close(page)
    assert page.complaints == []


def test_secret_goes_over_the_wire_once_and_is_nowhere_else(
    open_page: Open, serve: Serve, comfyui: RealComfyUI
) -> None:
    page, emulator = open_page(), serve(secret=SECRET, strict=True)
    here = page.page
    requests, responses = [], []
    here.on("request", lambda one: requests.append(one))
    here.on("response", lambda one: responses.append(one))
    here.evaluate(_LISTEN)
    panel = open_settings(page)
    add(panel, "credentials", name="studio", servers="127.0.0.1", secret=SECRET)
    assert entry(panel, "credentials", "studio").inner_text().split() == [
        *("studio", "shared", "secret", "→", "127.0.0.1")
    ]
    # Changing where it may go leaves the secret as it is, without anybody knowing it.
    entry(panel, "credentials", "studio").locator("[data-action=edit]").click()
    assert panel.locator("[data-field=secret]").input_value() == ""
    panel.locator("[data-field=servers]").fill(f"127.0.0.1:{emulator.port}")
    panel.locator("[data-action=save]").click()
    panel.get_by_text(f"127.0.0.1:{emulator.port}").wait_for()
    close(page)

    shown = load(page, port=emulator.port, transport="plaintext")
    shown.locator("[data-action=test]").click()
    assert "secret" in state(shown, "failed")
    open_list(page, "credential").get_by_role("option").filter(has_text="studio").click()
    shown.locator("[data-action=test]").click()
    state(shown, "connected")
    ending, told = page.run()
    assert ending == "execution_success", told.get("exception_message", told)

    sent = [one for one in requests if SECRET in f"{one.url} {one.all_headers()} {one.post_data}"]
    assert [one.url.rpartition("/drawbridge/")[2] for one in sent] == ["credentials/set"]
    kinds = ("json", "text", "javascript")
    told = [one for one in responses if any(kind in header(one) for kind in kinds)]
    assert told
    assert not any(SECRET.encode() in one.body() for one in told)
    heard = here.evaluate("() => heard")
    assert any("execution_success" in one for one in heard)
    assert not any(SECRET in one for one in heard)
    assert SECRET not in here.content()
    assert SECRET not in here.evaluate(_FIELDS)
    assert SECRET not in here.evaluate(_KEPT)
    assert SECRET not in here.evaluate("() => JSON.stringify(app.graph.serialize())")
    holders = [
        path
        for path in comfyui.base.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert [path.name for path in holders] == ["credentials.json"]
    if sys.platform != "win32":
        assert stat.S_IMODE(holders[0].stat().st_mode) == 0o600
    assert SECRET not in comfyui.log

    panel = open_own_dialog(page)
    remove(panel, "credentials", "studio")
    assert SECRET.encode() not in holders[0].read_bytes()
    close(page)
    assert page.complaints == []


def header(response: Any) -> str:
    return response.headers.get("content-type", "")


def test_credential_for_another_host_says_so_at_connect(open_page: Open, serve: Serve) -> None:
    page, emulator = open_page(), serve(secret=SECRET)
    panel = open_own_dialog(page)
    add(panel, "credentials", name="studio", servers="studio.example", secret=SECRET)
    close(page)

    shown = load(page, port=emulator.port, transport="plaintext")
    option = open_list(page, "credential").get_by_role("option").filter(has_text="studio")
    assert "for other servers" in option.inner_text()
    option.click()
    shown.locator("[data-action=test]").click()
    refusal = f"'studio' is not meant for 127.0.0.1:{emulator.port}."
    assert refusal in state(shown, "failed")
    ending, told = page.run()
    assert ending == "execution_error"
    assert refusal in told["exception_message"]
    assert SECRET not in str(told)
    assert not emulator.journal.events("echo")
    assert page.complaints == []


def test_forgotten_pin_lets_a_renewed_certificate_in(open_page: Open, serve: Serve) -> None:
    page, emulator = open_page(), serve(tls=True)
    shown = load(page, port=emulator.port, transport="pinned certificate")
    shown.locator("[data-action=test]").click()
    assert "Certificate " in state(shown, "connected")
    port = emulator.port
    emulator.stop()
    serve(tls=True, port=port)  # with a certificate of its own
    shown.locator("[data-action=test]").click()
    assert "certificate" in state(shown, "failed")

    panel = open_own_dialog(page)
    address = f"127.0.0.1:{port}"
    assert entry(panel, "pins", address).locator("code").inner_text().count(":") == 31
    remove(panel, "pins", address)
    close(page)
    shown.locator("[data-action=test]").click()
    state(shown, "connected")
    assert page.complaints == []


def test_search_without_zeroconf_says_what_to_install(
    open_page: Open, comfyui: RealComfyUI
) -> None:
    if ask(comfyui, "nearby")["available"]:
        pytest.skip("ComfyUI's Python has the package zeroconf")
    page = open_page()
    panel = open_settings(page)
    panel.locator("[data-action=nearby]").click()
    panel.get_by_text("needs the Python package zeroconf").wait_for()
    close(page)
    load(page)
    popover = open_list(page, "host")
    look_again(popover)
    popover.get_by_text("needs the Python package zeroconf").wait_for()
    page.page.keyboard.press("Escape")
    assert page.complaints == []


def test_server_of_this_network_is_found_and_added(
    open_page: Open, serve: Serve, comfyui: RealComfyUI
) -> None:
    page = open_page()
    announces = importlib.util.find_spec("zeroconf") is not None
    if announces and ask(comfyui, "nearby")["available"]:
        emulator = serve(announce="Attic")
    else:  # what ComfyUI would answer
        emulator = serve()
        found = {"name": "Attic", "host": "127.0.0.1", "port": emulator.port}
        answer = {"servers": [{**found, "transport": "plaintext"}], "available": True}
        page.page.route("**/drawbridge/nearby", lambda route: route.fulfill(json=answer))
    try:
        panel = open_settings(page)
        panel.locator("[data-action=nearby]").click()
        entry(panel, "nearby", "Attic").locator("[data-action=add-found]").click()
        panel.locator("[data-form=server] [data-action=save]").click()
        assert f"127.0.0.1:{emulator.port}" in entry(panel, "servers", "Attic").inner_text()
        close(page)
        load(page)
        popover = open_list(page, "host")
        look_again(popover)
        group = popover.get_by_role("group", name="In this network")
        group.get_by_role("option").filter(has_text="Attic").click()
        assert page.widget("Connect", "port") == emulator.port
        assert page.widget("Connect", "transport") == "plaintext"
    finally:
        page.page.unroute("**/drawbridge/nearby")
    assert page.complaints == []
