"""The Server Pool node: several servers that share the work of Generate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from comfy_api.latest import io

from ..client.store.server import Server
from ..client.store.servers import SavedServers
from ..client.threads import in_thread
from ..errors import DrawbridgeError, RequestRejected
from .checks import complaint
from .host import interruptible, user_folder
from .servers import secret_fingerprint
from .sockets import MOST_SERVERS, AnyServer, ServerPool, ServerSocket, servers

MOST_INPUTS = 8
_SOCKETS = [f"server_{number}" for number in range(1, MOST_INPUTS + 1)]


class Pool(io.ComfyNode):
    """Puts servers together, so that each request of Generate goes to one that is free."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_ServerPool",
            display_name="Draw Things Server Pool",
            category="Draw Things",
            description="Several servers as one: Generate gives each picture of a batch, each "
            "prompt and each frame to a server that is free. One that is switched off, or lacks "
            "the model, is left out.",
            inputs=[
                *(
                    ServerSocket.Input(
                        name, optional=True, tooltip="From Connect, or from another Server Pool."
                    )
                    for name in _SOCKETS
                ),
                io.String.Input(
                    "saved",
                    optional=True,
                    multiline=True,
                    default="",
                    tooltip="Further servers by the names under which they are saved in ComfyUI's "
                    "settings under Drawbridge, one in each line.",
                ),
                io.Boolean.Input(
                    "each_address",
                    optional=True,
                    default=False,
                    tooltip="On: where a name has several IP addresses, each of them is a server "
                    "of its own. A computer that has several is used once.",
                ),
            ],
            outputs=[
                ServerSocket.Output(display_name="server", tooltip="For Load Model."),
            ],
        )

    @classmethod
    def validate_inputs(cls, saved: str | None = "") -> bool | str:
        """Say at the field which name is not saved; a linked text arrives as None."""
        return complaint(lambda: _saved(saved or ""))

    @classmethod
    def fingerprint_inputs(cls, saved: str | None = "", **inputs: Any) -> str:
        """Run again when a saved server, or the secret behind its credential, has changed."""
        digest = hashlib.blake2b()
        try:
            for one in _saved(saved or ""):
                digest.update(repr(sorted(one.as_dict().items())).encode("utf-8", "replace"))
                digest.update(secret_fingerprint.of(one.credential))
        except DrawbridgeError:  # said when it runs
            return ""
        return digest.hexdigest()

    @classmethod
    async def execute(
        cls, saved: str = "", each_address: bool = False, **wired: AnyServer
    ) -> io.NodeOutput:
        def read() -> list[Server]:
            return [one.with_certificate_text() for one in _saved(saved)]

        named = await interruptible(in_thread(read))
        inputs = [one for name in _SOCKETS if name in wired for one in servers(wired[name])]
        found = _distinct([*inputs, *named])
        if each_address:  # looked up when they are used, as name servers tell news
            found = tuple(replace(one, each_address=True) for one in found)
        return io.NodeOutput(ServerPool(found))


def _saved(text: str) -> list[Server]:
    """Return the servers of the names in a text. Raises RequestRejected, StoreUnusable."""
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if not names:
        return []
    store = SavedServers(user_folder())
    return [store.find(name) for name in names[: MOST_SERVERS + 1]]


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
