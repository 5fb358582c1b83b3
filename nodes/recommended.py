"""The Recommended Settings node: settings that suit a model, or those of a preset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .settings.fields import CATEGORY, WINS, chained
from .sockets import ControlsSocket, LorasSocket, ModelSocket, SettingsSocket

if TYPE_CHECKING:
    from ..client.configuration.fields import LoRA
    from .records import Hinted, Model, Settings


class RecommendedSettings(io.ComfyNode):
    """Gives the settings that the app recommends for a model, or those of a preset."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_RecommendedSettings",
            display_name="Draw Things Recommended Settings",
            category=CATEGORY,
            description="Gives the settings that the app recommends for the model, or those of a "
            "preset: size, steps, guidance, sampler, shift, and what its kind needs besides. "
            f"{WINS} To take over single values only, link those and leave settings alone.",
            inputs=[
                ModelSocket.Input("model", tooltip="From Load Model."),
                chained(),
                LorasSocket.Input(
                    "loras",
                    optional=True,
                    tooltip="LoRAs from another node, to which the preset's are added.",
                ),
                ControlsSocket.Input(
                    "controls",
                    optional=True,
                    tooltip="Controls from another node, to which the preset's are added.",
                ),
                io.String.Input(
                    "preset",
                    optional=True,
                    default="",
                    tooltip="Empty for what the app recommends for the model. Otherwise the name of"
                    " a preset: one of yours, or one of the app's, such as Qwen Image 2512 with"
                    " Lightning 4-Step v1.0.",
                ),
            ],
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
                LorasSocket.Output(
                    display_name="loras", tooltip="The preset's LoRAs, for Generate."
                ),
                ControlsSocket.Output(
                    display_name="controls", tooltip="The preset's controls, for Generate."
                ),
                io.String.Output(
                    display_name="negative_prompt",
                    tooltip="What goes with the model or the preset, for Generate's negative "
                    "prompt; empty where nothing does.",
                ),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """Run again when a saved preset has changed behind its name."""
        from .settings import presets

        return presets.fingerprint(inputs.get("preset") or "")

    @classmethod
    def execute(
        cls,
        model: Model,
        settings: Settings | None = None,
        loras: tuple[LoRA, ...] = (),
        controls: tuple[Hinted, ...] = (),
        preset: str = "",
    ) -> io.NodeOutput:
        from ..client.generation import advice
        from .records import Settings
        from .settings import presets

        found = presets.chosen(preset, model.found)
        usual = advice.advise(model.file, model.version, model.found.spec)
        values = {**usual, **found.values}
        text = advice.explain(model.file, model.version, values)
        if preset.strip():  # whose first line says where the values come from
            text = "\n".join([f"The preset {found.name}.", *text.splitlines()[1:]])
        return io.NodeOutput(
            (settings or Settings()).with_values(**presets.settings_of(found)),
            values["start_width"],
            values["start_height"],
            values["steps"],
            values["guidance_scale"],
            values["sampler"].label,
            text,
            (*loras, *found.loras),
            (*controls, *presets.hinted_of(found)),
            found.negative_prompt,
        )
