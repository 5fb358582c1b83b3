"""The work of Connect: it greets the server, and tells the page what is known of it."""

from __future__ import annotations

from typing import Any

from ...client.store.server import Server
from ...client.threads import in_thread
from ...errors import DrawbridgeError, ServerBusy, ServerUnreachable
from ..host import Display, interruptible, tell_page
from . import lookup, status
from .connect_values import meant

EVENT = "drawbridge.server"
POOL = "Drawbridge_ServerPool"


async def greet(values: dict[str, Any], at_once: int, node_id: str, prompt: Any) -> Server:
    """Return the server of Connect's values once it has answered, and tell the page what it says.

    One that is away comes back all the same where a Server Pool alone waits for it. Raises what
    `lookup.greet` raises, RequestRejected for values that mean no server, StoreUnusable.
    """
    told = {"node": node_id, "server": values}
    try:
        server = await interruptible(
            in_thread(lambda: meant(values, at_once).with_certificate_text())
        )
    except DrawbridgeError as error:
        tell_page(EVENT, {**told, "status": status.failed(status.shown_address(values), error)})
        raise
    try:
        heard = await interruptible(lookup.greet(server))
    except DrawbridgeError as error:
        tell_page(EVENT, {**told, "status": status.failed(str(server.address), error)})
        away = isinstance(error, ServerUnreachable | ServerBusy)
        if not (away and _serves_pools_alone(prompt, node_id)):
            raise
        Display(node_id).say(f"The pool does without it. {error.problem}")
        return server
    tell_page(EVENT, {**told, "status": status.connected(str(server.address), heard)})
    if heard.note:
        Display(node_id).say(heard.note)
    return server


def _serves_pools_alone(prompt: Any, node_id: str) -> bool:
    """Return whether whatever hangs on a node is a Server Pool, which does without a server."""
    types = {
        node["class_type"]
        for node in prompt.values()
        for value in node["inputs"].values()
        if isinstance(value, list) and len(value) == 2 and value[0] == node_id
    }
    return types == {POOL}
