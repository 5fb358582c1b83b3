"""The page's questions to the real ComfyUI, and those of pages of other sites."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from standin.stage import graph

from drawbridge.devtools.comfyui.host import Ending, RealComfyUI
from drawbridge.emulator.server.server import Emulator, Options

Serve = Callable[..., Emulator]
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start emulators with the options given; they end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(Options(**options)))


def post(
    comfyui: RealComfyUI, path: str, body: object, headers: Mapping[str, str] = JSON
) -> tuple[int, Any]:
    """Post as a browser would, with exactly these headers; return the status and the answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection(urlsplit(comfyui.url).netloc, timeout=30)
    try:
        connection.request("POST", path, data, dict(headers))
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text.startswith(b"{") else text
    finally:
        connection.close()


def asking(emulator: Emulator, **changes: Any) -> dict[str, Any]:
    values = graph(emulator.port)["connect"]["inputs"]
    return {"server": values, "asked": True, **changes}


@pytest.mark.parametrize("path", ["/drawbridge/server", "/api/drawbridge/server"])
def test_page_asks_a_server(comfyui: RealComfyUI, serve: Serve, path: str) -> None:
    own = {**JSON, "Origin": comfyui.url, "Sec-Fetch-Site": "same-origin"}
    status, told = post(comfyui, path, asking(serve()), own)
    assert (status, told["state"]) == (200, "connected"), told
    assert told["catalog"]["models"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({**JSON, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**JSON, "Sec-Fetch-Site": "same-site"}, 403),
        ({**JSON, "Origin": "https://evil.example"}, 403),
        ({**JSON, "Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "text/plain; a=application/json"}, 415),
        ({}, 415),
    ],
    ids=["cross-site", "same-site", "origin", "null", "text", "form", "parameter", "no type"],
)
def test_page_of_another_site_reaches_no_server(
    comfyui: RealComfyUI, serve: Serve, headers: Mapping[str, str], status: int
) -> None:
    emulator = serve()
    assert post(comfyui, "/drawbridge/server", asking(emulator), headers)[0] == status
    assert not emulator.journal.events("call")
    # the same question with the page's own headers arrives
    assert post(comfyui, "/drawbridge/server", asking(emulator))[1]["state"] == "connected"
    assert emulator.journal.events("call", rpc="Echo")


def test_routes_answer_posts_only(comfyui: RealComfyUI) -> None:
    status, _ = comfyui.request("GET", "/drawbridge/versions")
    assert status in (404, 405)


def test_loaded_graph_knocks_at_no_door(comfyui: RealComfyUI, serve: Serve) -> None:
    emulator = serve()
    body = asking(emulator, asked=False, refresh=True)
    assert post(comfyui, "/drawbridge/server", body)[1]["state"] == "unasked"
    assert not emulator.journal.events("call")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * ((1 << 20) + 1), 413),
        (b"{", 400),
        (b"[]", 400),
        (b'{"server": NaN}', 400),
        (b"[" * 100_000, 400),
        (b"\xff", 400),
        ({}, 400),
        ({"server": {"host": 7, "port": 7859, "transport": "plaintext"}}, 400),
        ({"server": {"host": "a", "port": "7859", "transport": "plaintext"}}, 400),
    ],
    ids=["large", "cut", "list", "NaN", "deep", "no text", "empty", "host", "port"],
)
def test_bad_body_is_said_in_words(comfyui: RealComfyUI, body: object, status: int) -> None:
    got, told = post(comfyui, "/drawbridge/server", body)
    assert got == status
    assert told["error"].keys() == {"kind", "problem", "remedy"}
    assert "Traceback" not in json.dumps(told)


def test_page_hears_what_connect_has_found_out(comfyui: RealComfyUI, serve: Serve) -> None:
    emulator = serve()
    prompt = graph(emulator.port, seed=77)
    prompt_id = comfyui.submit(prompt)
    event = comfyui.wait_for_event(prompt_id, lambda event: event.type == "drawbridge.server")
    assert comfyui.wait(prompt_id).ending is Ending.SUCCESS
    assert event.data["node"] == "connect"
    assert event.data["server"] == prompt["connect"]["inputs"]
    assert event.data["status"]["state"] == "connected"
    # and what it has found out is known from then on, without another question
    calls = len(emulator.journal.events("call"))
    told = post(comfyui, "/drawbridge/server", asking(emulator, asked=False))[1]
    assert told["state"] == "unasked"
    assert told["catalog"] == event.data["status"]["catalog"]
    assert len(emulator.journal.events("call")) == calls


def test_other_sites_are_let_in_where_comfyui_lets_them_in(
    make_comfyui: Callable[..., RealComfyUI], serve: Serve
) -> None:
    emulator = serve()
    foreign = {**JSON, "Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"}
    with make_comfyui(arguments=("--enable-cors-header", "https://other.example")) as open_host:
        status, told = post(open_host, "/drawbridge/server", asking(emulator), foreign)
        assert (status, told["state"]) == (200, "connected")
        plain = {**foreign, "Content-Type": "text/plain"}
        assert post(open_host, "/drawbridge/server", asking(emulator), plain)[0] == 415
