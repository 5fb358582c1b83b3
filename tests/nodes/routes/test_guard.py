"""Who may ask our routes, how much they may say, and what they hear of errors."""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from aiohttp import web as aiohttp_web
from aiohttp.test_utils import TestClient, TestServer
from comfy import cli_args
from server import PromptServer

from drawbridge.errors import StoreUnusable
from drawbridge.nodes import host
from drawbridge.nodes.routes.guard import MOST_BYTES, BadRequest, Body, guarded, same_host

Page = TestClient[Any, Any]
JSON = {"Content-Type": "application/json"}
PATH = "/drawbridge/versions"


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """Start ComfyUI as with --enable-cors-header."""
    cli_args.args.enable_cors_header = "*"
    yield
    cli_args.args.enable_cors_header = None


async def post(page: Page, data: bytes, headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    async with page.post(PATH, data=io.BytesIO(data), headers=headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8"])
@pytest.mark.parametrize("path", [PATH, f"/api{PATH}"])
async def test_own_page_may_ask(page: Page, kind: str, path: str) -> None:
    own = f"http://{page.host}:{page.port}"
    headers = {"Content-Type": kind, "Origin": own, "Sec-Fetch-Site": "same-origin"}
    async with page.post(path, data=b"{}", headers=headers) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.content_type == "application/json"


@pytest.mark.parametrize(
    "kind",
    [
        *("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
        *("text/plain; application/json", "application/jsonp", "application/csp-report", ""),
    ],
)
async def test_what_is_no_json_is_refused(page: Page, open_to_all: None, kind: str) -> None:
    status, told = await post(page, b"{}", {"Content-Type": kind})
    assert (status, told["error"]["kind"]) == (415, "BadRequest")


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://["},
    {"Origin": ""},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_page_of_another_site_is_refused(page: Page, headers: dict[str, str]) -> None:
    status, told = await post(page, b"{}", {**JSON, **headers})
    assert (status, told["error"]["kind"]) == (403, "BadRequest")
    assert "--enable-cors-header" in told["error"]["remedy"]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_comfyui_may_be_open_to_other_sites(
    page: Page, open_to_all: None, headers: dict[str, str]
) -> None:
    assert (await post(page, b"{}", {**JSON, **headers}))[0] == 200


@pytest.mark.parametrize(
    ("origin", "own", "same"),
    [
        ("http://mac.local:8188", "mac.local:8188", True),
        ("http://MAC.local:8188", "mac.local:8188", True),
        ("https://comfy.example", "comfy.example", True),
        ("https://comfy.example", "comfy.example:443", True),
        ("http://127.0.0.1", "127.0.0.1:8188", True),  # as ComfyUI does: some leave ports out
        ("http://[::1]:8188", "[::1]:8188", True),
        ("http://mac.local:8189", "mac.local:8188", False),
        ("http://mac.local.evil.example:8188", "mac.local:8188", False),
        ("http://mac.local:8188@evil.example", "mac.local:8188", False),
        ("file://", "mac.local:8188", False),
        ("null", "", False),
        ("http://a:x", "a", False),
    ],
)
def test_origin_is_compared_with_host(origin: str, own: str, same: bool) -> None:
    assert same_host(origin, own) is same


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b'{"a": NaN}', b"[" * 50_000, b'{"a": 1e999999'],
)
async def test_what_is_no_object_is_refused(page: Page, data: bytes) -> None:
    status, told = await post(page, data, JSON)
    assert (status, told["error"]["kind"]) == (400, "BadRequest")


async def test_body_may_have_a_mebibyte_and_no_more(page: Page) -> None:
    fits = json.dumps({"x": "y" * (MOST_BYTES - 9)}).encode()
    assert len(fits) == MOST_BYTES
    assert (await post(page, fits, JSON))[0] == 200
    status, told = await post(page, fits + b" ", JSON)
    assert (status, told["error"]["kind"]) == (413, "BadRequest")


async def test_body_that_grows_when_it_is_unpacked_is_refused(page: Page) -> None:
    bomb = zlib.compress(b" " * (64 << 20))
    status, _ = await post(page, bomb, {**JSON, "Content-Encoding": "deflate"})
    assert status in (400, 413)


async def test_unknown_names_are_passed_over(page: Page) -> None:
    assert (await post(page, b'{"of a newer page": [1]}', JSON))[0] == 200


async def test_only_posts_are_answered(page: Page) -> None:
    for method in ("GET", "PUT", "DELETE"):
        async with page.request(method, PATH) as response:
            assert response.status in (404, 405)


@pytest.fixture
async def raising(web: PromptServer) -> Callable[[Exception], Any]:
    """Return what a page hears when a route raises."""

    async def hear(error: Exception) -> tuple[int, str]:
        async def route(body: Body) -> dict[str, Any]:
            raise error

        app = aiohttp_web.Application()
        app.router.add_post("/", guarded(route))
        async with TestClient(TestServer(app)) as client, client.post("/", json={}) as response:
            return response.status, await response.text()

    return hear


async def test_unexpected_error_is_logged_and_not_told(
    raising: Callable[[Exception], Any], caplog: pytest.LogCaptureFixture
) -> None:
    status, text = await raising(KeyError("/home/someone/secret"))
    assert status == 500
    assert "someone" not in text
    assert "Traceback" not in text
    assert json.loads(text)["error"].keys() == {"kind", "problem", "remedy"}
    assert "KeyError" in caplog.text


async def test_our_folder_is_not_told(raising: Callable[[Exception], Any]) -> None:
    path = host.user_folder() / "servers.json"
    status, text = await raising(
        StoreUnusable("The file {path} is damaged.", "Mend it.", path=path)
    )
    assert status == 200
    assert json.loads(text)["error"] == {
        "kind": "StoreUnusable",
        "problem": "The file __drawbridge/servers.json is damaged.",
        "remedy": "Mend it.",
    }


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (Body.text, 7),
        (Body.flag, 1),
        (Body.flag, "true"),
        (Body.whole, 1.5),
        (Body.whole, True),
        (Body.whole, "7859"),
        (Body.number, "1"),
        (Body.number, float("inf")),
        (Body.number, 10**400),
        (Body.texts, "a"),
        (Body.texts, ["a", 1]),
        (Body.body, []),
        (Body.bodies, [{}, 1]),
    ],
)
def test_value_of_another_type_is_said(read: Callable[[Body, str], Any], value: object) -> None:
    with pytest.raises(BadRequest) as caught:
        read(Body({"name": value}), "name")
    assert caught.value.problem.startswith("The value name is not ")
    assert caught.value.status == 400


def test_missing_values_are_said_or_have_a_default() -> None:
    body = Body({"gone": None, "port": 7859.0})
    for read in (body.text, body.flag, body.whole, body.number, body.body):
        with pytest.raises(BadRequest):
            read("gone")
    assert (body.text("gone", ""), body.whole("gone", 3)) == ("", 3)
    assert body.flag("gone", False) is False
    assert (body.texts("gone"), body.bodies("gone")) == ([], [])
    assert body.whole("port") == 7859
    assert "gone" not in body
    assert "port" in body
