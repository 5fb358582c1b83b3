"""What an announcement means, and what is left of a search: nothing."""

from __future__ import annotations

import asyncio
import sys
import types
from collections.abc import Sequence
from enum import Enum
from typing import Any

import pytest

from drawbridge.client.address import Address
from drawbridge.client.connection import nearby as searching
from drawbridge.client.connection.nearby import nearby, read
from drawbridge.client.server_fields import Transport
from drawbridge.client.store.server import Server
from drawbridge.errors import NearbyUnavailable

SERVICE = "_dt-grpc._tcp.local."
V4, V6 = "192.0.2.7", "2001:db8::1"


def named(name: str, host: str, transport: Transport) -> Server:
    return Server(Address(host), transport, name=name)


@pytest.mark.parametrize(
    ("label", "addresses", "found"),
    [
        ("Mac_notls", [V4], named("Mac", V4, Transport.PLAINTEXT)),
        ("Mac_tls", [V4], named("Mac", V4, Transport.DRAW_THINGS)),
        ("a.b_c_tls", ["127.0.0.1"], named("a.b_c", "127.0.0.1", Transport.DRAW_THINGS)),
        ("Büro_notls", ["fe80::1", V6], named("Büro", V6, Transport.PLAINTEXT)),
        ("Mac_notls", [V6, "169.254.1.1", V4], named("Mac", V4, Transport.PLAINTEXT)),
        *[(label, [V4], None) for label in ("Mac", "_tls", " _tls", "Mac_TLS", "Mac_ssl")],
        ("two\nlines_tls", [V4], None),
        ("Mac_tls", [], None),
        ("Mac_tls", ["0.0.0.0", "224.0.0.251", "::", "fe80::1", "none"], None),
    ],
)  # fmt: skip
def test_announcement_is_read(label: str, addresses: list[str], found: Server | None) -> None:
    assert read(f"{label}.{SERVICE}", addresses, 7859) == found


@pytest.mark.parametrize("port", [None, 0, -1, 65536])
def test_announcement_without_a_port_is_ignored(port: int | None) -> None:
    assert read(f"Mac_tls.{SERVICE}", [V4], port) is None


async def test_without_the_package_the_search_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "available", lambda: False)
    with pytest.raises(NearbyUnavailable, match="pip install zeroconf"):
        await nearby(0.01)


class Change(Enum):
    Added = 1
    Removed = 2


class Network:
    """A network for the package `zeroconf` that announces what it is told to."""

    def __init__(self, *events: tuple[str, Change]) -> None:
        self.events = events
        self.asked: list[str] = []
        self.busy = asyncio.Event()
        self.interfaces: Any = None
        self.opened = self.browsing = 0
        self.error: OSError | None = None

    def install(self, monkeypatch: pytest.MonkeyPatch) -> Network:
        network = self

        class AsyncZeroconf:
            def __init__(self, interfaces: Any) -> None:
                if network.error:
                    raise network.error
                network.opened += 1
                network.interfaces = interfaces
                self.zeroconf = self

            async def async_close(self) -> None:
                network.opened -= 1

        class AsyncServiceBrowser:
            def __init__(
                self, zeroconf: Any, service: str, handlers: Sequence[Any], question_type: str
            ) -> None:
                assert (service, question_type) == (SERVICE, "for everybody")
                network.browsing += 1
                for name, change in network.events:
                    for handler in handlers:
                        handler(
                            zeroconf=zeroconf, service_type=service, name=name, state_change=change
                        )

            async def async_cancel(self) -> None:
                network.browsing -= 1

        class AsyncServiceInfo:
            port = 7859

            def __init__(self, service: str, name: str) -> None:
                network.asked.append(name)
                if name.startswith("bad"):
                    raise ValueError(name)
                self.name = name

            async def async_request(self, zeroconf: Any, timeout: float) -> bool:
                network.busy.set()
                if self.name.startswith("silent"):
                    await asyncio.Event().wait()
                return not self.name.startswith("mute")

            def parsed_addresses(self) -> list[str]:
                return [V4]

        package = types.ModuleType("zeroconf")
        package.InterfaceChoice = types.SimpleNamespace(All="all")  # type: ignore[attr-defined]
        package.DNSQuestionType = types.SimpleNamespace(  # type: ignore[attr-defined]
            QM="for everybody", QU="for the asker"
        )
        package.Error = RuntimeError  # type: ignore[attr-defined]
        inner = types.ModuleType("zeroconf.asyncio")
        for one in (AsyncZeroconf, AsyncServiceBrowser, AsyncServiceInfo):
            setattr(inner, one.__name__, one)
        monkeypatch.setitem(sys.modules, "zeroconf", package)
        monkeypatch.setitem(sys.modules, "zeroconf.asyncio", inner)
        monkeypatch.setattr(searching, "available", lambda: True)
        return self

    def assert_closed(self) -> None:
        assert (self.opened, self.browsing) == (0, 0)
        assert asyncio.all_tasks() == {asyncio.current_task()}


def instance(name: str) -> str:
    return f"{name}.{SERVICE}"


async def test_servers_come_by_name_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["studio_tls", "Attic_notls", "gone_tls", "bad_tls", "mute_tls", "silent_tls", "odd"]
    events = [(instance(name), Change.Added) for name in [*names, "studio_tls"]]
    network = Network(*events, (instance("gone_tls"), Change.Removed)).install(monkeypatch)
    found = await nearby(0.05, ["127.0.0.1"])
    assert [(one.name, one.transport) for one in found] == [
        ("Attic", Transport.PLAINTEXT),
        ("studio", Transport.DRAW_THINGS),
    ]
    assert network.interfaces == ["127.0.0.1"]
    assert network.asked.count(instance("studio_tls")) == 1
    network.assert_closed()


async def test_a_flood_of_announcements_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [(instance(f"{number:04}_tls"), Change.Added) for number in range(5000)]
    network = Network(*events).install(monkeypatch)
    assert len(await nearby(0.05)) == len(network.asked) == 100
    assert network.interfaces == "all"


async def test_cancelling_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network((instance("silent_tls"), Change.Added)).install(monkeypatch)
    search = asyncio.ensure_future(nearby(3600))
    await network.busy.wait()
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search
    network.assert_closed()


async def test_a_network_that_cannot_be_listened_to_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = Network().install(monkeypatch)
    network.error = OSError(19, "No such device")
    with pytest.raises(NearbyUnavailable, match="No such device"):
        await nearby(0.01)
    network.assert_closed()
