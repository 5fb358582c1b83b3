"""Servers that announce themselves on the local network (Bonjour, docs/protocol.md 8)."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...errors import NearbyUnavailable
from ..address import Address
from ..server_fields import Transport
from ..store.server import Server
from ..threads import in_thread

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf

SERVICE = "_dt-grpc._tcp.local."
_TRANSPORTS = {"_tls": Transport.DRAW_THINGS, "_notls": Transport.PLAINTEXT}
# Whoever is on the network can announce anything, and as much of it as he likes.
_MOST = 100


def available() -> bool:
    """Return whether the package is there that finds servers."""
    return importlib.util.find_spec("zeroconf") is not None


async def nearby(seconds: float = 2.0, interfaces: Sequence[str] | None = None) -> list[Server]:
    """Listen for that long, and return the servers that announced themselves, by name.

    `interfaces` are IP addresses of this computer, None all of it. Raises NearbyUnavailable where
    the package zeroconf is missing, or where this computer cannot listen.
    """
    if not available():
        raise NearbyUnavailable(
            "Servers nearby cannot be found: the package zeroconf is not installed.",
            "Install it (pip install zeroconf), or enter the server's address by hand.",
        )
    # Reading the package takes longer than an event loop should stand still.
    zeroconf = await in_thread(lambda: importlib.import_module("zeroconf"))
    asynchronous = await in_thread(lambda: importlib.import_module("zeroconf.asyncio"))
    where = zeroconf.InterfaceChoice.All if interfaces is None else list(interfaces)
    try:
        listener = asynchronous.AsyncZeroconf(interfaces=where)
    except OSError as error:
        raise NearbyUnavailable(
            f"Servers nearby cannot be found: {error.strerror or error}.",
            "Check this computer's network, or enter the server's address by hand.",
        ) from error
    asked: dict[str, asyncio.Task[Server | None]] = {}

    def changed(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change.name == "Removed":
            task = asked.pop(name, None)
            if task is not None:
                task.cancel()
        elif name not in asked and len(asked) < _MOST:
            asked[name] = asyncio.ensure_future(_ask(zeroconf, name, seconds))

    try:
        # Answers for everybody: of the programs of one computer that share the port, the system
        # gives an answer for this computer alone to any one, and not to the others (RFC 6762 15.1).
        browser = asynchronous.AsyncServiceBrowser(
            listener.zeroconf,
            SERVICE,
            handlers=[changed],
            question_type=zeroconf.DNSQuestionType.QM,
        )
        try:
            await asyncio.sleep(seconds)
        finally:
            await browser.async_cancel()
    finally:
        for task in asked.values():
            task.cancel()
        answers = await asyncio.gather(*asked.values(), return_exceptions=True)
        await listener.async_close()
    found = {one for one in answers if isinstance(one, Server)}
    return sorted(found, key=lambda one: (one.name.casefold(), str(one.address)))


async def _ask(zeroconf: Zeroconf, instance: str, seconds: float) -> Server | None:
    """Return where the server of that instance is, None for one that cannot be used."""
    from zeroconf import Error
    from zeroconf.asyncio import AsyncServiceInfo

    try:
        info = AsyncServiceInfo(SERVICE, instance)
        answered = await info.async_request(zeroconf, seconds * 1000)
    except (Error, ValueError):  # a name that cannot be
        return None
    return read(instance, info.parsed_addresses(), info.port) if answered else None


def read(instance: str, addresses: Sequence[str], port: int | None) -> Server | None:
    """Return the server of an announcement, None for one that makes no sense.

    `instance` is its full name: that of the server with the way it is protected, "_tls" or
    "_notls", and the service.
    """
    label = instance.removesuffix(f".{SERVICE}")
    name, mark, protection = label.rpartition("_")
    transport = _TRANSPORTS.get(mark + protection)
    host = _host(addresses)
    if transport is None or host is None or not name.isprintable() or not name.strip():
        return None
    if port is None or not 0 < port < 1 << 16:
        return None
    return Server(Address(host, port), transport, name=name.strip())


def _host(addresses: Sequence[str]) -> str | None:
    """Return the best of a server's addresses: IPv4, else IPv6 that needs no network card."""
    usable = []
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        if address.is_unspecified or address.is_multicast:
            continue
        if address.version == 4 or not address.is_link_local:
            usable.append(address)
    best = min(usable, key=lambda one: (one.version, one.is_link_local), default=None)
    return None if best is None else str(best)
