"""What servers have told, kept for later."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from drawbridge.client.address import Address
from drawbridge.client.catalog import cache as module
from drawbridge.client.catalog.cache import CatalogCache, Told
from drawbridge.client.catalog.records import Catalog, ServerInfo
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server as Place
from drawbridge.errors import ServerUnreachable

KEY = Place(Address("mac.local"), Transport.PLAINTEXT, credential="studio")
RAW = (
    b'[{"name": "Ink \\u00fc", "file": "ink.ckpt", "version": "v1", "defaultScale": 8, "new": []}]'
)
INFO = ServerInfo("studio", 7, ("ink.ckpt",), Catalog.from_json(models=RAW, upscalers=b"[]"))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Server:
    """Answers when it is let, and counts how often it was asked."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked = 0
        self.started = asyncio.Event()
        self.ended = asyncio.Event()
        self.open = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self) -> Told:
        self.asked += 1
        self.started.set()
        try:
            await self.open.wait()
        finally:
            self.ended.set()
        if self.failure:
            raise self.failure
        return Told(INFO, self.clock())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Server:
    return Server(clock)


async def test_askers_at_the_same_time_share_a_question(clock: Clock, server: Server) -> None:
    cache = CatalogCache(clock=clock)
    askers = [asyncio.ensure_future(cache.ask(KEY, server)) for _ in range(5)]
    await server.started.wait()
    server.open.set()
    told = await asyncio.gather(*askers)
    assert server.asked == 1
    assert all(one is told[0] for one in told)


async def test_server_asked_in_another_manner_is_another_question(
    clock: Clock, server: Server
) -> None:
    cache = CatalogCache(clock=clock)
    server.open.set()
    other = replace(KEY, credential="nobody")
    await asyncio.gather(cache.ask(KEY, server), cache.ask(other, server))
    assert server.asked == 2
    # nor is what one has heard an answer to the other
    await cache.ask(KEY, server)
    await cache.ask(other, server, 60)
    await cache.ask(KEY, server, 60)
    assert server.asked == 5


async def test_answer_counts_until_it_is_old_or_expired(clock: Clock, server: Server) -> None:
    cache = CatalogCache(clock=clock)
    server.open.set()
    first = await cache.ask(KEY, server, 60)
    clock.now += 59
    assert await cache.ask(KEY, server, 60) is first
    clock.now += 1
    assert await cache.ask(KEY, server, 60) is not first
    assert server.asked == 2
    cache.expire()
    await cache.ask(KEY, server, 60)
    assert server.asked == 3
    clock.now -= 500  # somebody sets the clock
    await cache.ask(KEY, server, 60)
    assert server.asked == 4


async def test_asker_who_leaves_does_not_take_the_answer_away(clock: Clock, server: Server) -> None:
    cache = CatalogCache(clock=clock)
    leaving, staying = (asyncio.ensure_future(cache.ask(KEY, server)) for _ in range(2))
    await server.started.wait()
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    server.open.set()
    assert (await staying).info is INFO


async def test_question_ends_with_the_last_who_waits(clock: Clock, server: Server) -> None:
    cache = CatalogCache(clock=clock)
    asker = asyncio.ensure_future(cache.ask(KEY, server))
    await server.started.wait()
    asker.cancel()
    await server.ended.wait()
    server.open.set()
    assert (await cache.ask(KEY, server)).info is INFO
    assert server.asked == 2


async def test_failure_reaches_all_and_is_not_kept(clock: Clock, server: Server) -> None:
    cache = CatalogCache(clock=clock)
    server.failure = ServerUnreachable("Nobody is there.", "Look again.")
    server.open.set()
    results = await asyncio.gather(
        *(cache.ask(KEY, server, 60) for _ in range(3)), return_exceptions=True
    )
    assert results == [server.failure] * 3
    assert server.asked == 1
    assert cache.last(KEY) is None
    server.failure = None
    assert (await cache.ask(KEY, server, 60)).info is INFO


async def test_other_event_loops_ask_for_themselves(clock: Clock, server: Server) -> None:
    cache = CatalogCache(clock=clock)
    asker = asyncio.ensure_future(cache.ask(KEY, server))
    await server.started.wait()

    async def other() -> Told:
        return Told(INFO, 5)

    heard = await asyncio.to_thread(asyncio.run, cache.ask(KEY, other))
    server.open.set()
    await asker
    assert heard.asked_at == 5


async def test_close_ends_questions(clock: Clock, server: Server) -> None:
    cache = CatalogCache(clock=clock)
    asker = asyncio.ensure_future(cache.ask(KEY, server))
    await server.started.wait()
    cache.close()
    with pytest.raises(asyncio.CancelledError):
        await asker
    assert server.ended.is_set()


def test_copy_outlives_the_process(tmp_path: Path) -> None:
    told = Told(INFO, 99.5, 12, None, "AB:CD")
    CatalogCache(tmp_path / "ours").remember(KEY, told)
    found = CatalogCache(tmp_path / "ours").last(replace(KEY, credential="somebody else"))
    assert found is not None
    assert found.asked_at == 99.5
    assert found.info == replace(INFO, server_identifier=0)
    assert found.info.catalog is not None
    assert json.loads(found.info.catalog.models[0].raw) == json.loads(RAW)[0]
    assert CatalogCache(tmp_path / "ours").last(replace(KEY, transport=Transport.PINNED)) is None
    assert CatalogCache(tmp_path / "ours").last(replace(KEY, address=Address("other", 1))) is None


async def test_copy_does_not_count_as_an_answer(
    tmp_path: Path, clock: Clock, server: Server
) -> None:
    CatalogCache(tmp_path, clock=clock).remember(KEY, Told(INFO, clock()))
    cache = CatalogCache(tmp_path, clock=clock)
    assert cache.last(KEY) is not None
    server.open.set()
    await cache.ask(KEY, server, 60)
    assert server.asked == 1


def test_silent_server_keeps_which_files_it_has(tmp_path: Path) -> None:
    silent = ServerInfo("studio", 7)
    cache = CatalogCache(tmp_path)
    cache.remember(KEY, Told(silent, 1, present=frozenset({"a", "b"})))
    cache.remember(KEY, Told(silent, 2))
    found = cache.last(KEY)
    assert found is not None
    assert (found.asked_at, found.present) == (2, {"a", "b"})
    read = CatalogCache(tmp_path).last(KEY)
    assert read is not None
    assert (read.present, read.info.catalog) == ({"a", "b"}, None)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_copies_are_for_the_owner_alone(tmp_path: Path) -> None:
    CatalogCache(tmp_path / "ours").remember(KEY, Told(INFO, 1))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    [copy] = [name for name in modes if name.endswith(".json")]
    assert modes == {"ours": 0o700, "catalogs": 0o700, copy: 0o600}
    assert "studio" not in copy
    assert "mac" not in copy


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: b"",
        lambda kept: b"{",
        lambda kept: b"[1]",
        lambda kept: b"[" * 100_000,
        lambda kept: b"\xff",
        lambda kept: json.dumps({**kept, "form": 2}).encode(),
        lambda kept: json.dumps({**kept, "files": [1]}).encode(),
        lambda kept: json.dumps({**kept, "files": None}).encode(),
        lambda kept: json.dumps({**kept, "lists": []}).encode(),
        lambda kept: json.dumps({**kept, "lists": {"models": [1]}}).encode(),
        lambda kept: json.dumps({**kept, "asked_at": "x"}).encode(),
        lambda kept: json.dumps({**kept, "present": 3}).encode(),
        lambda kept: json.dumps({**kept, "address": "another:1"}).encode(),
        lambda kept: json.dumps({"form": 1}).encode(),
        lambda kept: b" " * (module.MOST_BYTES + 1),
    ],
)
def test_damaged_copy_is_none(tmp_path: Path, damage: Callable[[object], bytes]) -> None:
    CatalogCache(tmp_path).remember(KEY, Told(INFO, 1))
    [path] = (tmp_path / "catalogs").iterdir()
    path.write_bytes(damage(json.loads(path.read_text())))
    cache = CatalogCache(tmp_path)
    assert cache.last(KEY) is None
    cache.remember(KEY, Told(INFO, 2))  # and a good one takes its place
    assert CatalogCache(tmp_path).last(KEY) is not None


def test_number_and_size_of_copies_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_SERVERS", 3)
    cache = CatalogCache(tmp_path)
    keys = [replace(KEY, address=Address(f"host{number}", 1)) for number in range(5)]
    for number, key in enumerate(keys):
        cache.remember(key, Told(INFO, number))
        for path in (tmp_path / "catalogs").iterdir():  # in this order, whatever the clock's grain
            if json.loads(path.read_text())["address"] == key.address:
                os.utime(path, (number, number))
    assert len(list((tmp_path / "catalogs").iterdir())) == 3
    assert [cache.last(key) is not None for key in keys] == [False, False, True, True, True]
    large = Catalog.from_json(
        models=b'[{"file": "a", "version": "v1", "note": "' + b"x" * 300 + b'"}]'
    )
    monkeypatch.setattr(module, "MOST_BYTES", 200)
    cache.remember(KEY, Told(replace(INFO, catalog=large), 9))
    assert cache.last(KEY) is not None
    assert CatalogCache(tmp_path).last(KEY) is None


def test_remains_of_a_killed_process_go_away(tmp_path: Path) -> None:
    cache = CatalogCache(tmp_path)
    cache.remember(KEY, Told(INFO, 1))
    old, new = (tmp_path / "catalogs" / f"{name}.tmp" for name in ("old", "new"))
    for path in (old, new):
        path.write_text("half")
    hours_ago = new.stat().st_mtime - 7200
    os.utime(old, (hours_ago, hours_ago))
    cache.remember(replace(KEY, address=Address("another", 1)), Told(INFO, 2))
    assert (old.exists(), new.exists()) == (False, True)


def test_folder_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = CatalogCache(tmp_path / "file")
    cache.remember(KEY, Told(INFO, 1))
    assert cache.last(KEY) is not None


def test_copy_is_not_written_again_and_again(tmp_path: Path) -> None:
    cache = CatalogCache(tmp_path)
    cache.remember(KEY, Told(INFO, 1))
    [path] = (tmp_path / "catalogs").iterdir()
    before = path.read_bytes()
    cache.remember(KEY, Told(INFO, 2))
    assert path.read_bytes() == before
    cache.remember(KEY, Told(INFO, 700))
    assert path.read_bytes() != before
