"""The Load Model node: the model that generates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io

from ..facts.versions import VERSIONS
from .checks import AUTOMATIC
from .host import interruptible
from .sockets import ModelSocket, ServerSocket

if TYPE_CHECKING:
    from .records import AnyServer


class LoadModel(io.ComfyNode):
    """Finds a model among those of the server; the server loads it when a generation starts."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_LoadModel",
            display_name="Draw Things Load Model",
            category="Draw Things",
            description="Chooses a model of the server. Nothing is loaded here: the server does "
            "that when a generation starts.",
            inputs=[
                ServerSocket.Input("server", tooltip="From Connect."),
                io.String.Input(
                    "model",
                    default="",
                    tooltip="The model's file name on the server, such as sd_v1.5_f16.ckpt, or its "
                    "name as the app shows it.",
                ),
                io.Combo.Input(
                    "version",
                    options=[AUTOMATIC, *VERSIONS],
                    default=AUTOMATIC,
                    tooltip="What kind of model the file is. 'automatic' asks the server, and with "
                    "its model browser off knows the official models alone; choose it for others.",
                ),
                io.String.Input(
                    "specification",
                    optional=True,
                    default="",
                    tooltip="Only for a model that the server has and does not know, such as one "
                    "from Upload: its JSON object as in Draw Things' custom.json. The model above "
                    "may then be empty.",
                ),
            ],
            outputs=[
                ModelSocket.Output(display_name="model", tooltip="For Generate."),
            ],
        )

    @classmethod
    def validate_inputs(
        cls, model: str | None = None, specification: str | None = ""
    ) -> bool | str:
        """Say at the fields that a model must be named; what is linked arrives as None."""
        from .servers import specifications

        if specification and specification.strip():
            return specifications.model_complaint(specification)
        if model is not None and specification is not None and not model.strip():
            return "No model is chosen. Enter the file name of a model on the server."
        return True

    @classmethod
    async def execute(
        cls, server: AnyServer, model: str, version: str, specification: str = ""
    ) -> io.NodeOutput:
        from .servers import lookup

        asked = "" if version == AUTOMATIC else version
        if specification.strip():
            work = lookup.find_specified(server, specification, model.strip(), asked)
        else:
            work = lookup.find_model(server, model.strip(), asked)
        return io.NodeOutput(await interruptible(work))
