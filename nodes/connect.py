"""The Connect node: the address of a server, and whether it answers."""

from __future__ import annotations

from typing import Any

from comfy_api.latest import io

from ..client.server_fields import DEFAULT_PORT, DEFAULT_SERVER, MOST_AT_ONCE, Transport
from .checks import complaint
from .sockets import ServerSocket


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
        from .servers import connect_values

        return host is None or complaint(lambda: connect_values.check_host(host))

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """Run again when the secret or the certificate's file has changed behind its name, a pinned
        certificate was forgotten, or another server is the default one.
        """
        from .servers import connect_values

        return connect_values.fingerprint(inputs)

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
        from .servers import greeting

        values = {
            "host": host,
            "port": port,
            "transport": transport,
            "certificate": certificate,
            "credential": credential,
        }
        server = await greeting.greet(values, at_once, cls.hidden.unique_id, cls.hidden.prompt)
        return io.NodeOutput(server)
