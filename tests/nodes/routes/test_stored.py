"""What the page manages: credentials that never come back, saved servers."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from drawbridge.client.address import Address
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes import host

Serve = Callable[..., Emulator]
Ask = Callable[..., Awaitable[Any]]
SECRET = "open sesame, please"


def server(port: int, **changes: Any) -> dict[str, Any]:
    plain = {"host": "127.0.0.1", "port": port, "transport": Transport.PLAINTEXT.value}
    return {**plain, "certificate": "", "credential": "", **changes}


async def test_credential_is_kept_and_used_and_never_told(
    serve: Serve, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    emulator = serve(secret=SECRET)
    answers = [await ask("credentials/list")]
    assert answers == [{"credentials": []}]
    studio = server(emulator.port, credential="studio")
    answers.append(await ask("server", server=studio, asked=True))
    assert answers[-1]["error"]["kind"] == "CredentialMissing"
    given = {"name": "studio", "servers": ["127.0.0.1"]}
    answers.append(await ask("credentials/set", **given, secret=SECRET))
    assert answers[-1] == {}
    answers.append(await ask("server", server=studio, asked=True))
    assert answers[-1]["state"] == "connected", answers[-1]
    answers.append(await ask("credentials/list"))
    assert answers[-1]["credentials"] == [
        {
            **{"name": "studio", "stored": True, "servers": ["127.0.0.1"]},
            **{"has_secret": True, "has_identity": False},
        }
    ]
    # without a secret, the one that is kept stays, and goes to fewer servers only
    both = ["127.0.0.1:1", "mac.local:7859"]
    answers.append(await ask("credentials/set", name="studio", servers=both))
    assert "mac.local:7859" in answers[-1]["error"]["problem"]
    assert "Enter the secret again" in answers[-1]["error"]["remedy"]
    answers.append(await ask("credentials/set", name="studio", servers=["127.0.0.1:1"]))
    assert answers[-1] == {}
    answers.append(await ask("server", server=studio, asked=True))
    assert answers[-1]["error"]["kind"] == "CredentialMissing"
    assert "not meant for" in answers[-1]["error"]["problem"]
    answers.append(await ask("credentials/remove", name="studio"))
    answers.append(await ask("credentials/list"))
    assert answers[-1] == {"credentials": []}
    answers.append(await ask("credentials/remove", name="studio"))
    assert answers[-1]["error"]["kind"] == "CredentialMissing"
    assert SECRET not in json.dumps(answers)
    assert SECRET not in caplog.text
    kept = [path for path in host.user_folder().rglob("*") if path.is_file()]
    assert all(SECRET not in path.read_text() for path in kept)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"servers": ["mac.local"]}, "neither"),
        ({"servers": []}, "not meant for any server"),
        ({"servers": ["mac.local"], "client_certificate": "PEM"}, "belong together"),
        ({"servers": ["mac.local"], "client_key": SECRET}, "belong together"),
        (
            {"servers": ["mac.local"], "client_certificate": "PEM", "client_key": SECRET},
            "cannot be read",
        ),
        ({"servers": ["mac.local"], "secret": "\ud800" + SECRET}, "not readable text"),
        ({"servers": ["http://mac.local"], "secret": SECRET}, ""),
    ],
    ids=["nothing", "nowhere", "no key", "no certificate", "no PEM", "no text", "url"],
)
async def test_credential_of_no_use_is_said(
    ask: Ask, given: dict[str, Any], problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    told = await ask("credentials/set", name="studio", **given)
    assert problem in told["error"]["problem"]
    assert SECRET not in json.dumps(told)
    assert SECRET not in caplog.text
    assert await ask("credentials/list") == {"credentials": []}


async def test_empty_fields_of_a_form_leave_what_is_kept(serve: Serve, ask: Ask) -> None:
    emulator = serve(secret=SECRET)
    await ask("credentials/set", name="studio", servers=["127.0.0.1"], secret=SECRET)
    empty = {"secret": "", "client_certificate": "", "client_key": ""}
    assert await ask("credentials/set", name="studio", servers=["localhost"], **empty) == {}
    studio = server(emulator.port, credential="studio")
    assert (await ask("server", server=studio, asked=True))["state"] == "connected"


async def test_servers_are_saved_and_removed(ask: Ask) -> None:
    assert await ask("servers/list") == {"servers": [], "default": ""}
    studio = {"name": "Studio", **server(7859, credential="studio")}
    attic = {"name": "attic", **server(1, transport=Transport.DRAW_THINGS.value)}
    assert await ask("servers/save", **studio) == {"servers": [studio], "default": "Studio"}
    assert await ask("servers/save", **attic) == {
        "servers": [attic, studio],
        "default": "Studio",
    }
    moved = {**studio, "host": "mac.local"}
    both = {"servers": [attic, moved], "default": "Studio"}
    assert await ask("servers/save", **moved) == both
    assert await ask("servers/default", name="ATTIC") == {**both, "default": "attic"}
    renamed = {**attic, "name": "loft"}
    told = await ask("servers/save", **renamed, replaces="attic")
    assert told == {"servers": [renamed, moved], "default": "loft"}
    assert (await ask("servers/save", **moved, default=True))["default"] == "Studio"
    assert await ask("servers/remove", name="loft") == {"servers": [moved], "default": "Studio"}
    assert await ask("servers/list") == {"servers": [moved], "default": "Studio"}
    gone = await ask("servers/remove", name="loft")
    assert gone["error"]["kind"] == "RequestRejected"


async def test_saved_server_says_how_many_requests_may_be_open(ask: Ask) -> None:
    farm = {"name": "Farm", **server(7859), "at_once": 4}
    assert await ask("servers/save", **farm) == {"servers": [farm], "default": "Farm"}
    single = {**farm, "at_once": 1}
    del farm["at_once"]
    assert (await ask("servers/save", **single))["servers"] == [farm]


@pytest.mark.parametrize(
    "changes",
    [
        {"at_once": 0},
        {"at_once": 65},
        {"host": "http://me@x"},
        {"port": 0},
        {"transport": "pigeon"},
        {"name": ""},
    ],
    ids=str,
)
async def test_server_that_cannot_be_is_not_saved(ask: Ask, changes: dict[str, Any]) -> None:
    told = await ask("servers/save", **{"name": "Studio", **server(7859), **changes})
    assert told["error"]["kind"] == "RequestRejected"
    assert await ask("servers/list") == {"servers": [], "default": ""}


@pytest.mark.parametrize(
    ("file", "route"),
    [("credentials.json", "credentials"), ("servers.json", "servers"), ("pins.json", "pins")],
)
async def test_damaged_file_is_said_and_left_as_it_is(
    ask: Ask, tmp_path: Path, file: str, route: str
) -> None:
    host.user_folder().mkdir(parents=True)
    (host.user_folder() / file).write_text('{"damaged')
    told = await ask(f"{route}/list")
    assert told["error"]["kind"] == "StoreUnusable"
    assert f"__drawbridge/{file}" in told["error"]["problem"].replace("\\", "/")
    assert str(tmp_path) not in json.dumps(told)
    assert (host.user_folder() / file).read_text() == '{"damaged'


async def test_servers_nearby_are_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    async def look() -> list[Server]:
        return [Server(Address("192.168.1.20"), Transport.DRAW_THINGS, name="Studio")]

    monkeypatch.setattr("drawbridge.client.connection.nearby.nearby", look)
    monkeypatch.setattr("drawbridge.client.connection.nearby.available", lambda: True)
    studio = {"name": "Studio", "host": "192.168.1.20", "port": 7859}
    assert await ask("nearby") == {
        "servers": [{**studio, "transport": "Draw Things certificate"}],
        "available": True,
    }


async def test_nobody_is_nearby_where_nothing_listens(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drawbridge.client.connection.nearby.available", lambda: False)
    assert await ask("nearby") == {"servers": [], "available": False}
