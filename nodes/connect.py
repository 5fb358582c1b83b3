"""The Connect node: the address of a server, and whether it answers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from comfy_api.latest import io

from ..client.address import DEFAULT_PORT, Address, Transport
from ..client.store.certificates import read_certificate
from ..client.store.pins import Pins
from ..client.store.server import DEFAULT_SERVER, MOST_AT_ONCE, Server, means_default
from ..client.store.servers import SavedServers
from ..client.threads import in_thread
from ..errors import DrawbridgeError, ServerBusy, ServerUnreachable
from .checks import complaint
from .host import Display, interruptible, tell_page, user_folder
from .servers import secret_fingerprint, status
from .sockets import ServerSocket

EVENT = "drawbridge.server"
POOL = "Drawbridge_ServerPool"
# ComfyUI asks for a fingerprint in the prompt's own loop, where nothing can be interrupted: a file
# that is not read by then counts as changed, and the node itself waits for it.
GLANCE_SECONDS = 0.25


class Connect(io.ComfyNode):
    """Checks address, encryption and secret by greeting the server, then passes the address on."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_Connect",
            display_name="Draw Things Connect",
            category="Draw Things",
            description="Says where the Draw Things server is, and checks that it answers.",
            inputs=[
                io.String.Input(
                    "host",
                    default=DEFAULT_SERVER,
                    tooltip="'default server' is your own: the saved server that is marked so in "
                    "ComfyUI's settings under Drawbridge, with its port, transport and credential. "
                    "Otherwise the name or IP address of the computer that runs Draw Things, such "
                    "as mac.local or 192.168.1.20. 127.0.0.1 is this computer.",
                ),
                io.Int.Input(
                    "port",
                    default=DEFAULT_PORT,
                    min=1,
                    max=65535,
                    tooltip=f"The port that the server shows; usually {DEFAULT_PORT}.",
                ),
                io.Combo.Input(
                    "transport",
                    options=Transport,
                    default=Transport.DRAW_THINGS,
                    tooltip="How the connection is protected, and what proves who answers. "
                    "'Draw Things certificate' fits a server as it comes (TLS on): it keeps "
                    "listeners out but proves nothing, since anybody has its key. 'own certificate "
                    "authority' and 'system certificates' prove that the server has the name you "
                    "gave. 'pinned certificate' trusts the certificate that is seen first, and "
                    "from then on no other. 'plaintext', for servers with "
                    "TLS off, protects nothing.",
                ),
                io.String.Input(
                    "certificate",
                    default="",
                    tooltip="Only for 'own certificate authority': the path of its PEM file, or "
                    "the PEM text itself.",
                ),
                io.String.Input(
                    "credential",
                    default="",
                    tooltip="Empty if the server has no shared secret. Otherwise the name of a "
                    "credential, such as studio, never the secret: workflows are shared. "
                    "Credentials stay on the computer that runs ComfyUI, in a file that only its "
                    "user may read, and are managed in ComfyUI's settings under Drawbridge or by "
                    "`drawbridge credentials`.",
                ),
                io.Int.Input(
                    "at_once",
                    optional=True,
                    default=1,
                    min=1,
                    max=MOST_AT_ONCE,
                    tooltip="How many requests may be open at this address. A Draw Things server "
                    "works on one at a time; more is for a proxy in front of several servers.",
                ),
            ],
            outputs=[
                ServerSocket.Output(
                    display_name="server", tooltip="For Load Model, or for Server Pool."
                ),
            ],
            hidden=[io.Hidden.unique_id, io.Hidden.prompt],
        )

    @classmethod
    def validate_inputs(cls, host: str | None) -> bool | str:
        """Say at the field what is wrong with the host; a linked host arrives as None."""
        return (
            host is None
            or means_default(host)
            or complaint(lambda: Address.taken_apart(host, DEFAULT_PORT))
        )

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """Run again when the secret or the certificate's file has changed behind its name, a pinned
        certificate was forgotten, or another server is the default one.
        """
        digest = hashlib.blake2b(key=secret_fingerprint.KEY)
        if means_default(inputs.get("host")):
            inputs = _default_values()
            digest.update(json.dumps(inputs).encode())
        if inputs.get("transport") == Transport.PINNED.value:
            digest.update(_times_forgotten(inputs.get("host"), inputs.get("port")))
        if inputs.get("transport") == Transport.OWN_CA.value:
            certificate = read_certificate(inputs.get("certificate"), GLANCE_SECONDS)
            digest.update(certificate.encode())
        digest.update(secret_fingerprint.of(inputs.get("credential") or ""))
        return digest.hexdigest()

    @classmethod
    async def execute(
        cls,
        host: str,
        port: int,
        transport: str,
        certificate: str,
        credential: str,
        at_once: int = 1,
    ) -> io.NodeOutput:
        from .servers import lookup

        values = {
            "host": host,
            "port": port,
            "transport": transport,
            "certificate": certificate,
            "credential": credential,
        }
        told = {"node": cls.hidden.unique_id, "server": values}
        try:
            server = await interruptible(
                in_thread(lambda: _meant(values, at_once).with_certificate_text())
            )
        except DrawbridgeError as error:
            tell_page(EVENT, {**told, "status": status.failed(status.shown_address(values), error)})
            raise
        try:
            heard = await interruptible(lookup.greet(server))
        except DrawbridgeError as error:
            tell_page(EVENT, {**told, "status": status.failed(str(server.address), error)})
            away = isinstance(error, ServerUnreachable | ServerBusy)
            if not (away and _serves_pools_alone(cls.hidden.prompt, cls.hidden.unique_id)):
                raise
            Display(cls.hidden.unique_id).say(f"The pool does without it. {error.problem}")
            return io.NodeOutput(server)
        tell_page(EVENT, {**told, "status": status.connected(str(server.address), heard)})
        if heard.note:
            Display(cls.hidden.unique_id).say(heard.note)
        return io.NodeOutput(server)


def _meant(values: dict[str, Any], at_once: int) -> Server:
    """Return the server of Connect's values. Raises RequestRejected, StoreUnusable."""
    if not means_default(values["host"]):
        return Server.from_dict({**values, "at_once": at_once})
    saved = SavedServers(user_folder()).default()
    return saved if at_once == 1 else replace(saved, at_once=at_once)


def _default_values() -> dict[str, Any]:
    """Return the values of the default server, {} where there is none: told when it runs."""
    try:
        return SavedServers(user_folder()).default().as_dict()
    except DrawbridgeError:
        return {}


def _serves_pools_alone(prompt: Any, node_id: str) -> bool:
    """Return whether whatever hangs on a node is a Server Pool, which does without a server."""
    types = {
        node["class_type"]
        for node in prompt.values()
        for value in node["inputs"].values()
        if isinstance(value, list) and len(value) == 2 and value[0] == node_id
    }
    return types == {POOL}


def _times_forgotten(host: Any, port: Any) -> bytes:
    """Not the pin itself: it comes after the first run, which would make a second one of all."""
    try:
        address = str(Address.taken_apart(host, port))
        return str(Pins(user_folder()).times_forgotten(address)).encode()
    except (DrawbridgeError, AttributeError, TypeError):  # told when it runs
        return b""
