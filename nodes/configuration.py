"""The nodes Import and Export Configuration: a configuration from the app and back."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .checks import complaint
from .control import controls_of
from .host import Display
from .settings.fields import CATEGORY, WINS, chained
from .sockets import ControlsSocket, LorasSocket, ModelSocket, SettingsSocket

if TYPE_CHECKING:
    from ..client.configuration.clipboard import Imported
    from ..client.configuration.fields import LoRA
    from .records import Hinted, Model, Settings

LOG = logging.getLogger(__name__)

# They travel on sockets of their own.
_APART = ("model", "loras", "controls")


class ImportConfiguration(io.ComfyNode):
    """Takes a configuration as the app copies it."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_ImportConfiguration",
            display_name="Draw Things Import Configuration",
            category=CATEGORY,
            description="Takes a configuration that was copied in the app (Copy Configuration), so "
            f"that Generate makes the same picture. {WINS} Pictures for controls are not in it: "
            "add them, or the control reads Generate's image.",
            inputs=[
                io.String.Input(
                    "configuration",
                    multiline=True,
                    default="",
                    tooltip="The JSON text that Copy Configuration gives, that the app writes into "
                    "pictures, or that its HTTP API and other programs take.",
                ),
                io.Boolean.Input(
                    "use_seed",
                    default=True,
                    tooltip="On, the configuration's seed counts; a negative one is drawn anew at "
                    "every run. Off, Generate's own seed counts.",
                ),
                chained(),
                LorasSocket.Input(
                    "loras",
                    optional=True,
                    tooltip="LoRAs from another node, to which the configuration's are added.",
                ),
                ControlsSocket.Input(
                    "controls",
                    optional=True,
                    tooltip="Controls from another node, to which the configuration's are added.",
                ),
            ],
            outputs=[
                SettingsSocket.Output(display_name="settings", tooltip="For Generate."),
                LorasSocket.Output(display_name="loras", tooltip="For Generate."),
                ControlsSocket.Output(display_name="controls", tooltip="For Generate."),
                io.String.Output(
                    display_name="model", tooltip="The model's file name, for Load Model."
                ),
                io.Int.Output(display_name="width", tooltip="In pixels."),
                io.Int.Output(display_name="height", tooltip="In pixels."),
                io.Int.Output(display_name="seed", tooltip="The seed, drawn if it was negative."),
                io.String.Output(
                    display_name="warnings",
                    tooltip="What was changed or passed over, line by line; empty if nothing was.",
                ),
                io.String.Output(
                    display_name="other_keys",
                    tooltip="What a newer app says and this version does not know, for Export "
                    "Configuration.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(cls, configuration: str | None) -> bool | str:
        """Say at the field what is wrong with the text; a linked one arrives as None."""
        from ..client.configuration import clipboard

        return configuration is None or complaint(lambda: clipboard.read(configuration))

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> str:
        """Draw anew at every run where the configuration asks for a random seed."""
        from ..client.configuration import clipboard

        if not inputs.get("configuration") or not inputs.get("use_seed"):
            return ""
        return str(clipboard.read(inputs["configuration"]).values.get("seed", ""))

    @classmethod
    def execute(
        cls,
        configuration: str,
        use_seed: bool,
        settings: Settings | None = None,
        loras: tuple[LoRA, ...] = (),
        controls: tuple[Hinted, ...] = (),
    ) -> io.NodeOutput:
        from ..client.configuration import clipboard
        from ..client.configuration.control_kind import kind_of
        from .records import Hinted, Settings

        imported = clipboard.read(configuration)
        _tell(cls.hidden.unique_id, imported.warnings)
        config = imported.config()
        left_out = _APART if use_seed else (*_APART, "seed")
        values = {key: value for key, value in imported.values.items() if key not in left_out}
        return io.NodeOutput(
            (settings or Settings()).with_values(**values),
            (*loras, *config.loras),
            (*controls, *(Hinted(control, kind_of(control), None) for control in config.controls)),
            config.model,
            config.start_width,
            config.start_height,
            config.seed,
            "\n".join(imported.warnings),
            _other_keys(imported),
        )


class ExportConfiguration(io.ComfyNode):
    """Gives a configuration as the app pastes it."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_ExportConfiguration",
            display_name="Draw Things Export Configuration",
            category=CATEGORY,
            description="Gives the text that the app pastes (Paste Configuration). Link Generate's "
            "request to get what was sent, or single parts to put a configuration together; parts "
            "win over the request.",
            is_output_node=True,
            inputs=[
                io.String.Input(
                    "request",
                    optional=True,
                    force_input=True,
                    tooltip="From Generate: what it has sent.",
                ),
                ModelSocket.Input(
                    "model", optional=True, tooltip="From Load Model: the model to name."
                ),
                SettingsSocket.Input(
                    "settings", optional=True, tooltip="The settings to write down."
                ),
                LorasSocket.Input("loras", optional=True, tooltip="The LoRAs to write down."),
                ControlsSocket.Input(
                    "controls",
                    optional=True,
                    tooltip="The controls to write down, without their pictures.",
                ),
                io.String.Input(
                    "other_keys",
                    optional=True,
                    force_input=True,
                    tooltip="From Import Configuration: keys that are to come back as they were.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="configuration", tooltip="The text for the app."),
            ],
        )

    @classmethod
    def execute(
        cls,
        request: str = "",
        model: Model | None = None,
        settings: Settings | None = None,
        loras: tuple[LoRA, ...] | None = None,
        controls: tuple[Hinted, ...] | None = None,
        other_keys: str = "",
    ) -> io.NodeOutput:
        from ..client.configuration import clipboard, json_text
        from ..client.configuration.clipboard import Imported

        sent = clipboard.read(request) if request.strip() else Imported()
        parts: dict[str, object] = settings.as_dict() if settings else {}
        if model is not None:
            parts["model"] = model.file
        if loras is not None:
            parts["loras"] = loras
        if controls is not None:
            parts["controls"] = controls_of(controls)
        unknown = dict(sent.unknown)
        if other_keys.strip():
            unknown.update(json_text.configuration(other_keys)[0])
        text = clipboard.write(Imported(parts).config(sent.config()), unknown)
        return io.NodeOutput(text, ui={"text": [text]})


def _tell(node_id: str, warnings: Sequence[str]) -> None:
    """Show on the node and in the log what was changed or passed over."""
    for warning in warnings:
        LOG.warning("Import Configuration: %s", warning)
    Display(node_id).say(" ".join(warnings) or "Taken over whole.")


def _other_keys(imported: Imported) -> str:
    return json.dumps(imported.unknown, ensure_ascii=False) if imported.unknown else ""
