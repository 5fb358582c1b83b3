"""The work of Server Pool: several servers as one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...client.store.server import Server
from ...client.store.servers import SavedServers
from ...client.threads import in_thread
from ...errors import DrawbridgeError, RequestRejected
from ..host import interruptible, user_folder
from ..records import MOST_SERVERS, AnyServer, ServerPool, servers
from . import secret_fingerprint


def saved_servers(text: str) -> list[Server]:
    """Return the servers of the names in a text. Raises RequestRejected, StoreUnusable."""
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        return []
    store = SavedServers(user_folder())
    return [store.find(name) for name in names[: MOST_SERVERS + 1]]


def fingerprint(text: str) -> str:
    """Return what changes with the saved servers of a text, and the secrets of their credentials;
    "" where one is not there.
    """
    digest = hashlib.blake2b()
    try:
        for one in saved_servers(text):
            digest.update(repr(sorted(one.as_dict().items())).encode("utf-8", "replace"))
            digest.update(secret_fingerprint.of(one.credential))
    except DrawbridgeError:  # said when it runs
        return ""
    return digest.hexdigest()


async def pool(inputs: Sequence[AnyServer], text: str, *, each_address: bool) -> ServerPool:
    """Return the pool of what is wired and of the saved servers that a text names.

    Raises RequestRejected for names that are not saved, none at all and too many, StoreUnusable.
    """

    def read() -> list[Server]:
        return [one.with_certificate_text() for one in saved_servers(text)]

    named = await interruptible(in_thread(read))
    found = _distinct([*(one for wired in inputs for one in servers(wired)), *named])
    if each_address:  # looked up when they are used, as name servers tell news
        found = tuple(replace(one, each_address=True) for one in found)
    return ServerPool(found)


def _distinct(found: Iterable[Server]) -> tuple[Server, ...]:
    """Return each server once, by its address. Raises RequestRejected for none, and too many."""
    kept: list[Server] = []
    for one in found:
        if not any(one.address.is_same(other.address) for other in kept):
            kept.append(one)
    if not kept:
        raise RequestRejected(
            "The pool has no server.", "Connect a Connect node, or name a saved server."
        )
    if len(kept) > MOST_SERVERS:
        raise RequestRejected(
            f"The pool has more than {MOST_SERVERS} servers.", "Leave some of them out."
        )
    return tuple(kept)
