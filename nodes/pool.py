"""The Server Pool node: several servers that share the work of Generate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .checks import complaint
from .sockets import ServerSocket

if TYPE_CHECKING:
    from .records import AnyServer

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
        from .servers import pool_servers

        return complaint(lambda: pool_servers.saved_servers(saved or ""))

    @classmethod
    def fingerprint_inputs(cls, saved: str | None = "", **inputs: Any) -> str:
        """Run again when a saved server, or the secret behind its credential, has changed."""
        from .servers import pool_servers

        return pool_servers.fingerprint(saved or "")

    @classmethod
    async def execute(
        cls, saved: str = "", each_address: bool = False, **wired: AnyServer
    ) -> io.NodeOutput:
        from .servers import pool_servers

        inputs = [wired[name] for name in _SOCKETS if name in wired]
        return io.NodeOutput(await pool_servers.pool(inputs, saved, each_address=each_address))
