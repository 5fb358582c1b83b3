"""Whatever a page sends, a route answers it in JSON, and never by accident."""

from __future__ import annotations

import random
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from drawbridge.client.server_fields import Transport
from drawbridge.nodes.routes.table import routes

Page = TestClient[Any, Any]
# Listening takes a while, and reads nothing of what is sent.
_PATHS = sorted(set(routes()) - {"/drawbridge/nearby"})
_NAMES = (
    *("server", "host", "port", "transport", "certificate", "credential", "asked", "refresh"),
    *("name", "servers", "secret", "client_certificate", "client_key", "address", "model"),
    *("version", "text", "widgets", "loras", "file", "weight", "mode", "width", "height", "seed"),
    *("steps", "guidance", "sampler", "shift", "strength", "batch_size", "batch_count"),
)
_ODD = (
    *("", " ", "\0", "\ud800", "a" * 400, "\u202e", "../x", "//computer/share", "*", "~nobody/x"),
    *("127.0.0.1", "::1%1]:9,[::2", "[::1", "127.0.0.1:1", "studio", "v1", "automatic", "desk"),
    *("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", '{"steps": 1e400}', "[[[["),
    *(member.value for member in Transport),
    *(True, False, None, 0, 1, -1, 0.5, 7859, 65536, 1 << 70, -(1 << 70), 1e308, -0.0),
)


def _value(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.random()
    if kind < 0.2 and depth < 3:
        return {name: _value(draw, depth + 1) for name in draw.sample(_NAMES, draw.randint(0, 9))}
    if kind < 0.3 and depth < 3:
        return [_value(draw, depth + 1) for _ in range(draw.randint(0, 4))]
    return draw.choice(_ODD)


def _server(draw: random.Random) -> dict[str, Any]:
    """Return values of Connect that are nearly good, of which nobody listens to any."""
    good = {"host": "127.0.0.1", "port": 1, "transport": draw.choice(list(Transport)).value}
    good |= {"certificate": "", "credential": draw.choice(["", "studio"])}
    for name in draw.sample(sorted(good), draw.randint(0, 2)):
        good[name] = _value(draw, 2)
    if not isinstance(good["host"], str) or good["host"] not in _ODD:
        good["host"] = "127.0.0.1"
    return good


def _body(draw: random.Random) -> dict[str, Any]:
    names = draw.sample(_NAMES, draw.randint(0, len(_NAMES)))
    given = {name: _value(draw) for name in names}
    if draw.random() < 0.7:
        given |= {"server": _server(draw), "asked": draw.random() < 0.2}
    if draw.random() < 0.5:
        given |= {"name": "studio", "servers": ["127.0.0.1"], **_server(draw)}
    return given


@pytest.mark.parametrize("path", _PATHS)
async def test_any_json_gets_an_answer(
    page: Page, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    draw = random.Random(path)
    for _ in range(40):
        body = _body(draw)
        async with page.post(path, json=body) as response:
            told = await response.json()
            assert response.status in (200, 400), (body, told)
        if response.status == 400 or "error" in told:
            assert set(told["error"]) == {"kind", "problem", "remedy"}
            assert told["error"]["kind"] != "Unexpected"
    assert not caplog.records
