"""What the page hears of servers, and which servers hear of the page."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import folder_paths
import pytest
from server import PromptServer
from standin.stage import Stage, graph

from drawbridge.client.catalog import official
from drawbridge.client.server_fields import DEFAULT_SERVER, Transport
from drawbridge.client.store.server import Server
from drawbridge.emulator.server.server import Emulator
from drawbridge.nodes import host
from drawbridge.nodes.routes import table
from drawbridge.nodes.routes.guard import Body
from drawbridge.nodes.routes.server import MOST_QUESTIONS, ServerRoute
from drawbridge.nodes.servers.catalogs import SHELF

Serve = Callable[..., Emulator]
Ask = Callable[..., Awaitable[Any]]
OWN_CA = Transport.OWN_CA.value


def values(port: int, /, **changes: Any) -> dict[str, Any]:
    """Return Connect's values."""
    plain = {"host": "127.0.0.1", "port": port, "transport": Transport.PLAINTEXT.value}
    return {**plain, "certificate": "", "credential": "", **changes}


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Return a port where connections wait for ever."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield listening.getsockname()[1]


async def test_server_is_asked_when_the_person_wants_it(serve: Serve, ask: Ask) -> None:
    emulator = serve(name="studio")
    told = await ask("server", server=values(emulator.port), asked=True)
    assert told["state"] == "connected"
    assert told["address"] == f"127.0.0.1:{emulator.port}"
    assert told["model_browser"] is True
    assert told["latency_ms"] > 0
    assert told["age_seconds"] < 60
    assert "error" not in told
    assert "pin" not in told
    catalog = told["catalog"]
    assert catalog["source"] == "server"
    assert told["counts"] == {kind: len(catalog[kind]) for kind in told["counts"]}
    [model] = [one for one in catalog["models"] if one["file"] == "z_image_turbo_1.0_q8p.ckpt"]
    assert model["version_name"] == "Z Image"
    assert model.keys() == {
        *("file", "name", "version", "version_name", "modifier", "default_size_px"),
        *("deprecated", "note"),
    }
    assert catalog["loras"][0].keys() == {
        *("file", "name", "version", "version_name", "weight", "lowest_weight", "highest_weight"),
        *("prefix", "note", "deprecated"),
    }
    assert catalog["controls"][0].keys() == {
        *("file", "name", "version", "version_name", "type", "kind"),
    }
    assert catalog["upscalers"][0].keys() == {"file", "name", "scale_factor"}


@pytest.mark.parametrize("refresh", [False, True])
async def test_server_that_nobody_saved_hears_nothing(
    serve: Serve, ask: Ask, refresh: bool
) -> None:
    emulator = serve()
    told = await ask("server", server=values(emulator.port), asked=False, refresh=refresh)
    assert told == {"state": "unasked", "address": f"127.0.0.1:{emulator.port}"}
    assert not emulator.journal.events("call")


async def test_page_that_does_not_say_is_not_asking(serve: Serve, ask: Ask) -> None:
    emulator = serve()
    assert (await ask("server", server=values(emulator.port)))["state"] == "unasked"
    assert not emulator.journal.events("call")


async def test_saved_server_is_asked_with_exactly_these_values_only(serve: Serve, ask: Ask) -> None:
    emulator = serve()
    await ask("servers/save", name="Studio", **values(emulator.port))
    others = [
        values(emulator.port, host="localhost"),
        values(emulator.port, credential="studio"),
        values(emulator.port, transport=Transport.DRAW_THINGS.value),
        values(emulator.port, certificate="/etc/hosts"),
    ]
    for other in others:
        assert (await ask("server", server=other, asked=False))["state"] == "unasked", other
    assert not emulator.journal.events("call")
    told = await ask("server", server=values(emulator.port), asked=False)
    assert told["state"] == "connected"
    await ask("servers/remove", name="Studio")
    assert (await ask("server", server=values(emulator.port), asked=False))["state"] == "unasked"


async def test_unsaved_server_shows_what_it_told_last(serve: Serve, ask: Ask) -> None:
    emulator = serve()
    connected = await ask("server", server=values(emulator.port), asked=True)
    calls = len(emulator.journal.events("call"))
    told = await ask("server", server=values(emulator.port), asked=False)
    assert (told["state"], told["catalog"]) == ("unasked", connected["catalog"])
    SHELF.close()  # as when ComfyUI starts again
    told = await ask("server", server=values(emulator.port), asked=False)
    assert (told["state"], told["catalog"]) == ("unasked", connected["catalog"])
    assert len(emulator.journal.events("call")) == calls


async def test_unsaved_server_has_no_file_looked_at(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(value: object) -> bytes:
        raise AssertionError("a graph from anybody has us open a file")

    monkeypatch.setattr("drawbridge.client.store.server.read_certificate", look)
    server = values(7859, transport=OWN_CA, certificate=str(tmp_path / "ca.pem"))
    assert (await ask("server", server=server, asked=False))["state"] == "unasked"


async def test_server_is_asked_once_in_a_while(serve: Serve, ask: Ask) -> None:
    emulator = serve()

    def greetings() -> int:
        return len(emulator.journal.events("call", rpc="Echo"))

    await ask("server", server=values(emulator.port), asked=True)
    await ask("server", server=values(emulator.port), asked=True)
    assert greetings() == 1
    await ask("server", server=values(emulator.port), asked=True, refresh=True)
    assert greetings() == 2
    await ask("credentials/set", name="x", servers=["*"], secret="other")
    await ask("server", server=values(emulator.port), asked=True)
    assert greetings() == 3


async def test_server_that_sleeps_fails_and_shows_what_it_told_last(serve: Serve, ask: Ask) -> None:
    emulator = serve()
    connected = await ask("server", server=values(emulator.port), asked=True)
    emulator.stop()
    told = await ask("server", server=values(emulator.port), asked=True, refresh=True)
    assert told["state"] == "failed"
    assert told["error"]["kind"] == "ServerUnreachable"
    assert told["error"]["problem"].endswith(".")
    assert told["error"]["remedy"].endswith(".")
    assert told["catalog"] == connected["catalog"]


async def test_model_browser_off_offers_the_official_files(serve: Serve, ask: Ask) -> None:
    emulator = serve(model_browser=False)
    told = await ask("server", server=values(emulator.port), asked=True)
    assert told["state"] == "connected"
    assert told["model_browser"] is False
    catalog = told["catalog"]
    assert catalog["source"] == "official"
    assert {one["file"] for one in catalog["models"]} == {
        one.file for one in official.catalog().models
    }
    present = [one["file"] for one in catalog["models"] if one["present"]]
    assert "z_image_turbo_1.0_q8p.ckpt" in present
    assert told["counts"]["models"] == len(present) < len(catalog["models"])
    [call] = emulator.journal.events("call", rpc="FilesExist")
    assert not call.get("with_hashes")


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"host": "http://me@mac.local"}, "RequestRejected"),
        ({"host": ""}, "RequestRejected"),
        ({"port": 0}, "RequestRejected"),
        ({"transport": "pigeon"}, "RequestRejected"),
        ({"transport": OWN_CA}, "RequestRejected"),
        ({"credential": "unknown"}, "CredentialMissing"),
        ({"credential": "a secret! of mine"}, "CredentialMissing"),
    ],
    ids=["url", "no host", "port", "transport", "no certificate", "credential", "odd credential"],
)
async def test_server_that_cannot_be_meant_fails_in_words(
    serve: Serve, ask: Ask, changes: dict[str, Any], kind: str
) -> None:
    emulator = serve()
    told = await ask("server", server=values(emulator.port, **changes), asked=True)
    assert (told["state"], told["error"]["kind"]) == ("failed", kind)
    assert "a secret!" not in str(told)
    assert not emulator.journal.events("call")


async def test_default_server_is_the_saved_one_and_may_be_asked(serve: Serve, ask: Ask) -> None:
    default = values(1, host=DEFAULT_SERVER)
    told = await ask("server", server=default)
    assert (told["state"], told["error"]["kind"]) == ("failed", "NoDefaultServer")
    one, other = serve(), serve()
    for name, emulator in (("one", one), ("other", other)):
        await ask("servers/save", name=name, **values(emulator.port))
    assert (await ask("server", server=default))["address"] == f"127.0.0.1:{one.port}"
    await ask("servers/default", name="other")
    told = await ask("server", server=default)
    assert (told["state"], told["address"]) == ("connected", f"127.0.0.1:{other.port}")


async def test_certificate_file_is_not_told_from_a_missing_one(ask: Ask, tmp_path: Path) -> None:
    there, empty = tmp_path / "there", tmp_path / "empty"
    there.write_text("secret notes")
    empty.write_text("")
    words = set()
    for path in (there, empty, tmp_path, tmp_path / "missing", Path("/dev/zero"), "a\0"):
        server = values(7859, transport=OWN_CA, certificate=str(path))
        told = await ask("server", server=server, asked=True)
        assert "secret notes" not in str(told)
        shown = str(path).replace("\0", " ")
        words.add(told["error"]["problem"].replace(shown, "PATH", 1) + told["error"]["remedy"])
    assert len(words) == 1
    share = "evil.example\\share\\ca.pem"
    for start in ("\\\\", "//", "\\\\?\\UNC\\", "\\??\\UNC\\", " \\/"):
        server = values(7859, transport=OWN_CA, certificate=start + share)
        told = await ask("server", server=server, asked=True)
        assert "another computer" in told["error"]["problem"]


async def test_saved_certificate_file_works(serve: Serve, ask: Ask, tmp_path: Path) -> None:
    emulator = serve(tls=True)
    (tmp_path / "ca.pem").write_bytes(emulator.certificate)
    server = values(emulator.port, transport=OWN_CA, certificate=str(tmp_path / "ca.pem"))
    assert (await ask("server", server=server, asked=True))["state"] == "connected"


async def test_pinned_certificate_is_shown_and_can_be_forgotten(serve: Serve, ask: Ask) -> None:
    emulator = serve(tls=True)
    server = values(emulator.port, transport=Transport.PINNED.value)
    told = await ask("server", server=server, asked=True)
    assert told["state"] == "connected", told
    assert told["pin"] == "new"
    [pin] = (await ask("pins/list"))["pins"]
    assert pin["address"] == told["address"]
    assert pin["fingerprint"] == told["fingerprint"]
    assert pin["is_public"] is False
    assert pin.keys() == {"address", "fingerprint", "first_seen", "is_public"}
    assert await ask("pins/forget", address=pin["address"]) == {"pins": []}


async def test_silent_server_fails_in_time(web: PromptServer, silent_port: int) -> None:
    route = ServerRoute(connect_seconds=0.2, echo_seconds=0.2)
    body = Body({"server": values(silent_port), "asked": True})
    told = await asyncio.wait_for(route.answer(body), 20)
    assert (told["state"], told["error"]["kind"]) == ("failed", "ServerUnreachable")


async def test_questions_are_a_few_at_once(
    web: PromptServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most, gate = 0, 0, asyncio.Event()

    async def question(client: object, echo_seconds: float) -> Any:
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == MOST_QUESTIONS:
            gate.set()
        await gate.wait()
        running -= 1
        raise ConnectionError  # anything that ends it

    monkeypatch.setattr("drawbridge.nodes.servers.status.question", question)
    route = ServerRoute()
    bodies = [Body({"server": values(port), "asked": True}) for port in range(1, 13)]
    await asyncio.gather(*(route.answer(body) for body in bodies), return_exceptions=True)
    assert (running, most) == (0, MOST_QUESTIONS)


def test_pack_that_is_loaded_twice_answers_once(web: PromptServer) -> None:
    before = len(list(web.routes))
    table.register()
    assert len(list(web.routes)) == before > 10
    web.app()  # aiohttp refuses a path that is taken


def test_pack_is_loaded_without_a_web_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(PromptServer, "instance")
    table.register()
    monkeypatch.setitem(__import__("sys").modules, "server", None)
    table.register()


class TestConnect:
    """What Connect tells the page when it runs."""

    def told(self, web: PromptServer) -> dict[str, Any]:
        [(name, data, sid)] = web.sent
        assert (name, sid) == ("drawbridge.server", "page")
        return data

    def test_tells_what_it_found(self, web: PromptServer, serve: Serve, stage: Stage) -> None:
        emulator = serve()
        web.client_id = "page"
        prompt = graph(emulator.port)
        assert stage.host.run(prompt).status == "success"
        data = self.told(web)
        assert data["node"] == "connect"
        assert data["server"] == prompt["connect"]["inputs"]
        assert data["status"]["state"] == "connected"
        assert data["status"]["catalog"]["models"]
        assert SHELF.cache().last(Server.from_dict(data["server"])) is not None

    def test_tells_that_it_failed(self, web: PromptServer, serve: Serve, stage: Stage) -> None:
        emulator = serve(secret="open sesame")
        web.client_id = "page"
        assert stage.host.run(graph(emulator.port)).status == "error"
        status = self.told(web)["status"]
        assert status["state"] == "failed"
        assert status["error"]["kind"] == "SecretRejected"
        assert status["address"] == f"127.0.0.1:{emulator.port}"

    def test_tells_of_the_default_server_as_the_graph_names_it(
        self, web: PromptServer, stage: Stage
    ) -> None:
        web.client_id = "page"
        stage.host.run(graph(1, host=DEFAULT_SERVER))
        data = self.told(web)
        assert data["server"]["host"] == DEFAULT_SERVER
        assert data["status"]["error"]["kind"] == "NoDefaultServer"

    def test_tells_nobody_where_no_page_listens(
        self, web: PromptServer, serve: Serve, stage: Stage
    ) -> None:
        assert stage.host.run(graph(serve().port)).status == "success"
        assert web.sent == []


def test_user_folder_is_another_for_another_user(tmp_path: Path) -> None:
    folder_paths.set_user_directory(str(tmp_path / "one"))
    first = SHELF.cache()
    assert SHELF.cache() is first
    assert first.folder == host.user_folder()
    folder_paths.set_user_directory(str(tmp_path / "two"))
    assert SHELF.cache() is not first
    SHELF.close()
