"""A page that leaves in the middle of its request is no error of ours."""

from __future__ import annotations

import logging

import pytest
from aiohttp.test_utils import make_mocked_request

from drawbridge.nodes.routes import guard


async def test_page_that_leaves_leaves_nothing_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def leave(request: object) -> dict[str, object]:
        raise ConnectionResetError

    async def route(body: guard.Body) -> dict[str, object]:
        raise AssertionError("there is no body")

    monkeypatch.setattr(guard, "read_object", leave)
    headers = {"Content-Type": "application/json", "Host": "127.0.0.1"}
    with caplog.at_level(logging.DEBUG):
        answer = await guard.guarded(route)(make_mocked_request("POST", "/x", headers=headers))
    assert answer.status == 499
    assert not caplog.records
