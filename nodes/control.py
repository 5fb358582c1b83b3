"""The nodes ControlNet Hint and Moodboard: pictures that steer a generation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from comfy_api.latest import io

from ..client.configuration.enums import ControlMode
from ..client.configuration.fields import Control
from ..errors import RequestRejected
from ..facts.hints import KINDS, ControlInput
from .checks import AUTOMATIC, file_name, one_of
from .sockets import ControlsSocket

if TYPE_CHECKING:
    from .records import Hinted

LINES = [row.name for row in KINDS.values() if row.lines]
MODES = [mode.name.lower() for mode in ControlMode]
LIGHT, DARK = "light on dark", "dark on light"
ROWS = 8
MOST_WEIGHT = 10.0
BLOCKS = (
    "Stable Diffusion 1: up_blocks.1 for style; down_blocks.2, mid_block, up_blocks.1 for style "
    "and layout. SDXL: up_blocks.0.attentions.1 for style; down_blocks.2.attentions.1, "
    "up_blocks.0.attentions.1 for style and layout"
)


class ControlNetHint(io.ComfyNode):
    """Names a control of the server, and the picture that it reads."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_ControlNetHint",
            display_name="Draw Things ControlNet Hint",
            category="Draw Things",
            description="Steers a generation with a control of the server: a ControlNet, a T2I or "
            "an IP adapter.",
            inputs=[
                ControlsSocket.Input(
                    "controls", optional=True, tooltip="Further hints, which come first."
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The picture that the control reads, ready-made: a pose, a depth map, "
                    "edges. Without it the server makes one from Generate's image, for canny, "
                    "mlsd, softedge, depth, scribble, tile and their like. It gets the result's "
                    "size as Generate's fit says.",
                ),
                io.String.Input(
                    "control",
                    default="",
                    tooltip="The control's file name on the server, or its name as the app shows "
                    "it. Empty where the model itself reads the picture (FLUX Depth, FLUX Canny).",
                ),
                io.Combo.Input(
                    "kind",
                    options=list(KINDS),
                    default=next(iter(KINDS)),
                    tooltip="What the picture shows: edges (canny), a depth map, a pose, ... A "
                    "control for one kind takes no other; union controls take many.",
                ),
                io.Combo.Input(
                    "lines",
                    options=[LIGHT, DARK],
                    default=LIGHT,
                    tooltip="How lines are drawn in pictures of the kinds "
                    f"{', '.join(LINES)}: ComfyUI's preprocessors"
                    " make light lines on dark, a pencil drawing is dark on light.",
                ),
                io.Float.Input(
                    "weight",
                    default=1.0,
                    min=0.0,
                    max=MOST_WEIGHT,
                    step=0.05,
                    round=0.001,
                    tooltip="How strongly the control acts. 0 leaves it out.",
                ),
                _part(
                    "start",
                    0.0,
                    "When the control sets in, as a part of the steps: 0 is at once, 0.5 half-way.",
                ),
                _part(
                    "end",
                    1.0,
                    "When the control stops, as a part of the steps: 1 is the end, 0.5 half-way.",
                ),
                io.Combo.Input(
                    "control_mode",
                    options=MODES,
                    default=MODES[0],
                    tooltip="Whether the prompt or the control weighs more.",
                ),
                io.Combo.Input(
                    "input_override",
                    options=[AUTOMATIC, *KINDS],
                    default=AUTOMATIC,
                    tooltip="For union controls: the mode they work in, if it is not to be that "
                    "of the kind above.",
                ),
                io.String.Input(
                    "target_blocks",
                    default="",
                    tooltip="For IP adapters: the layers that they act on, with commas between; "
                    f"empty for all. {BLOCKS}.",
                ),
                io.Float.Input(
                    "down_sampling_rate",
                    default=1.0,
                    min=1.0,
                    max=64.0,
                    step=0.1,
                    round=0.01,
                    tooltip="For tile, blur, gray and lowquality: by how much the server blurs "
                    "the picture first; 1 not at all.",
                ),
                io.Boolean.Input(
                    "no_prompt",
                    default=False,
                    tooltip="The app's switch to generate without the prompt; today's servers "
                    "ignore it.",
                ),
                io.Boolean.Input(
                    "global_average_pooling",
                    default=True,
                    tooltip="For shuffle: take over colours and mood, and not where things are.",
                ),
                _specification(),
            ],
            outputs=[ControlsSocket.Output(display_name="controls", tooltip="For Generate.")],
        )

    @classmethod
    def validate_inputs(cls, specification: str | None = "") -> bool | str:
        """Say at the field what is wrong with a specification; a linked one arrives as None."""
        from .servers import specifications

        return specifications.controls_complaint(specification)

    @classmethod
    async def execute(
        cls,
        control: str,
        kind: str,
        lines: str,
        weight: float,
        start: float,
        end: float,
        control_mode: str,
        input_override: str,
        target_blocks: str,
        down_sampling_rate: float,
        no_prompt: bool,
        global_average_pooling: bool,
        controls: tuple[Hinted, ...] = (),
        image: torch.Tensor | None = None,
        specification: str = "",
    ) -> io.NodeOutput:
        from .records import Hinted
        from .servers import specifications

        kind = one_of("kind of picture", kind, KINDS)
        lines = one_of("choice of lines", lines, (LIGHT, DARK))
        control_mode = one_of("control mode", control_mode, MODES)
        input_override = one_of("input override", input_override, (AUTOMATIC, *KINDS))
        if not weight:
            return io.NodeOutput(controls)
        mode = "unspecified" if input_override == AUTOMATIC else input_override
        file, told = specifications.control(file_name(control), specification)
        named = Control(
            file,
            weight=weight,
            guidance_start=start,
            guidance_end=end,
            no_prompt=no_prompt,
            global_average_pooling=global_average_pooling,
            down_sampling_rate=down_sampling_rate,
            control_mode=ControlMode[control_mode.upper()],
            target_blocks=tuple(part.strip() for part in target_blocks.split(",") if part.strip()),
            input_override=ControlInput[mode.upper()],
        )
        if not file and image is None:
            raise RequestRejected(
                "There is neither a control nor a picture.",
                "Name a control, or connect a picture that the model itself reads.",
            )
        if image is not None and KINDS[kind].lines and lines == DARK:
            image = image.clone()
            image[..., :3] = 1 - image[..., :3]
        hinted = Hinted(named if file else None, kind, image, specification=told)
        return io.NodeOutput((*controls, hinted))


class Moodboard(io.ComfyNode):
    """Collects reference pictures, with weights."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        rows = [entry for number in range(1, ROWS + 1) for entry in _row(number)]
        return io.Schema(
            node_id="Drawbridge_Moodboard",
            display_name="Draw Things Moodboard",
            category="Draw Things",
            description="Reference pictures for edit models (FLUX Kontext, FLUX.2, Qwen Image "
            "Edit), IP adapters, Redux and PuLID. Chain moodboards for more than eight.",
            inputs=[
                ControlsSocket.Input(
                    "controls", optional=True, tooltip="Further hints, which come first."
                ),
                io.String.Input(
                    "control",
                    default="",
                    tooltip="The control that reads the pictures, such as an IP adapter: its file "
                    "name or its name in the app. Empty for an edit model, which reads them "
                    "itself. All moodboards of a generation are one: whatever reads one picture "
                    "reads all.",
                ),
                io.Float.Input(
                    "control_weight",
                    default=1.0,
                    min=0.0,
                    max=MOST_WEIGHT,
                    step=0.05,
                    round=0.001,
                    tooltip="How strongly that control acts. 0 leaves it out, with its pictures.",
                ),
                *rows,
                _specification(),
            ],
            outputs=[ControlsSocket.Output(display_name="controls", tooltip="For Generate.")],
        )

    @classmethod
    def validate_inputs(cls, specification: str | None = "") -> bool | str:
        """Say at the field what is wrong with a specification; a linked one arrives as None."""
        from .servers import specifications

        return specifications.controls_complaint(specification)

    @classmethod
    async def execute(
        cls,
        control: str,
        control_weight: float,
        controls: tuple[Hinted, ...] = (),
        specification: str = "",
        **rows: Any,
    ) -> io.NodeOutput:
        from .records import Hinted
        from .servers import specifications

        pictures = [
            (picture, rows.get(f"weight_{number}", 1.0))
            for number in range(1, ROWS + 1)
            if (picture := rows.get(f"image_{number}")) is not None
        ]
        if not pictures:
            raise RequestRejected(
                "The moodboard has no picture.", "Connect one to image_1, or remove the node."
            )
        file = file_name(control)
        if file and not control_weight:
            return io.NodeOutput(controls)
        file, told = specifications.control(file, specification)
        reader = Control(file, control_weight) if file else None
        hinted = [
            Hinted(reader, "shuffle", picture, weight, told)
            for picture, weight in pictures
            if weight
        ]
        return io.NodeOutput((*controls, *hinted))


def controls_of(hinted: Iterable[Hinted]) -> tuple[Control, ...]:
    """Return the controls in their order; one that reads several moodboard pictures comes once."""
    controls: list[Control] = []
    for one in hinted:
        shared = one.kind == "shuffle" and one.image is not None and one.control in controls
        if one.control is not None and not shared:
            controls.append(one.control)
    return tuple(controls)


def _specification() -> io.Input:
    return io.String.Input(
        "specification",
        optional=True,
        default="",
        tooltip="Only for a control that the server has and does not know, such as one from "
        "Upload: its JSON object as in Draw Things' custom_controlnet.json.",
    )


def _part(name: str, default: float, tooltip: str) -> io.Input:
    return io.Float.Input(
        name,
        default=default,
        min=0.0,
        max=1.0,
        step=0.01,
        round=0.001,
        tooltip=tooltip,
    )


def _row(number: int) -> list[io.Input]:
    return [
        io.Image.Input(
            f"image_{number}",
            optional=True,
            tooltip="A reference picture, of any size; of a batch, each picture counts.",
        ),
        io.Float.Input(
            f"weight_{number}",
            optional=True,
            default=1.0,
            min=0.0,
            max=MOST_WEIGHT,
            step=0.05,
            round=0.001,
            tooltip="How strongly the picture counts for a control; to edit models all weights "
            "above 0 are alike. 0 leaves it out.",
        ),
    ]
