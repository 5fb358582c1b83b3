"""The Recommended Settings node: settings that suit a model."""

from __future__ import annotations

from comfy_api.latest import io

from ..client.generation import advice
from .settings.fields import CATEGORY, WINS, chained
from .sockets import Model, ModelSocket, Settings, SettingsSocket


class RecommendedSettings(io.ComfyNode):
    """Gives the settings that the app recommends for a model."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_RecommendedSettings",
            display_name="Draw Things Recommended Settings",
            category=CATEGORY,
            description="Gives the settings that the app recommends for the model: size, steps, "
            f"guidance, sampler, shift, and what its kind needs besides. {WINS} To take over "
            "single values only, link those and leave settings alone.",
            inputs=[ModelSocket.Input("model", tooltip="From Load Model."), chained()],
            outputs=[
                SettingsSocket.Output(
                    display_name="settings", tooltip="All of them, for Generate."
                ),
                io.Int.Output(display_name="width", tooltip="In pixels."),
                io.Int.Output(display_name="height", tooltip="In pixels."),
                io.Int.Output(display_name="steps", tooltip="Sampling steps."),
                io.Float.Output(display_name="guidance", tooltip="Guidance scale."),
                io.String.Output(display_name="sampler", tooltip="The sampler's name."),
                io.String.Output(display_name="text", tooltip="The settings in words."),
            ],
        )

    @classmethod
    def execute(cls, model: Model, settings: Settings | None = None) -> io.NodeOutput:
        values = advice.advise(model.file, model.version, model.found.spec)
        return io.NodeOutput(
            (settings or Settings()).with_values(**values),
            values["start_width"],
            values["start_height"],
            values["steps"],
            values["guidance_scale"],
            values["sampler"].label,
            advice.explain(model.file, model.version, values),
        )
