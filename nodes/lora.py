"""The LoRA Stack node: LoRAs that change the model."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from comfy_api.latest import io

from ..client.configuration.enums import LoRAMode
from ..client.configuration.fields import LoRA
from .checks import file_name, one_of
from .host import Display, interruptible
from .sockets import LorasSocket, ModelSocket

if TYPE_CHECKING:
    from ..client.catalog.records import LoRASpec
    from .records import Model

LOG = logging.getLogger(__name__)

ROWS = 8
MODES = [mode.name.lower() for mode in LoRAMode]
MOST_WEIGHT = 10.0


class LoRAStack(io.ComfyNode):
    """Lists LoRAs for a generation; the server applies them when it starts."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        rows = [entry for number in range(1, ROWS + 1) for entry in _row(number)]
        return io.Schema(
            node_id="Drawbridge_LoRAStack",
            display_name="Draw Things LoRA Stack",
            category="Draw Things",
            description="Up to eight LoRAs of the server; empty rows are left out. Chain stacks "
            "for more.",
            inputs=[
                LorasSocket.Input(
                    "loras", optional=True, tooltip="Another LoRA Stack, whose LoRAs come first."
                ),
                ModelSocket.Input(
                    "model",
                    optional=True,
                    tooltip="From Load Model. With it the server is asked at once whether it has "
                    "the LoRAs, whether they fit the model, and for their trigger words. Without "
                    "it Generate checks them.",
                ),
                *rows,
                io.String.Input(
                    "specification",
                    optional=True,
                    default="",
                    tooltip="Only for LoRAs that the server has and does not know, such as one "
                    "from Upload: their JSON object, or an array of objects, as in Draw Things' "
                    "custom_lora.json. It counts for the rows that name these LoRAs.",
                ),
            ],
            outputs=[
                LorasSocket.Output(display_name="loras", tooltip="For Generate."),
                io.String.Output(
                    display_name="triggers",
                    tooltip="Words that the LoRAs were trained on, as far as the server knows, to "
                    "be put before the prompt. Empty without a model.",
                ),
                io.String.Output(
                    display_name="notes",
                    tooltip="What the server notes about each LoRA, to be read. "
                    "Empty without a model.",
                ),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def validate_inputs(cls, specification: str | None = "") -> bool | str:
        """Say at the field what is wrong with a specification; a linked one arrives as None."""
        from .servers import specifications

        return specifications.loras_complaint(specification)

    @classmethod
    async def execute(
        cls,
        loras: tuple[LoRA, ...] = (),
        model: Model | None = None,
        specification: str = "",
        **rows: str | float,
    ) -> io.NodeOutput:
        from .servers import specifications

        named = [name for number in range(1, ROWS + 1) if (name := _name(rows, number))]
        chosen = specifications.with_specification((*loras, *_chosen(rows)), specification, named)
        if model is None:
            return io.NodeOutput(chosen, "", "")
        from .servers import lookup  # and gRPC with it, which nothing above needs

        found, specs, told = await interruptible(lookup.find_loras(model, chosen))
        for note in told:
            LOG.warning("LoRA Stack: %s", note)
        Display(cls.hidden.unique_id).say(" ".join(told))
        return io.NodeOutput(found, _triggers(specs), _notes(specs))


def _row(number: int) -> list[io.Input]:
    return [
        io.String.Input(
            f"lora_{number}",
            optional=True,
            default="",
            tooltip="The LoRA's file name on the server, or its name as the app shows it. Empty "
            "or None leaves the row out.",
        ),
        io.Float.Input(
            f"weight_{number}",
            optional=True,
            default=LoRA("").weight,
            min=-MOST_WEIGHT,
            max=MOST_WEIGHT,
            step=0.05,
            round=0.001,
            tooltip="How strongly the LoRA acts: the app offers -1.5 to 2.5 for most. Below 0 it "
            "acts the other way round, 0 leaves the row out.",
        ),
        io.Combo.Input(
            f"mode_{number}",
            optional=True,
            options=MODES,
            default=MODES[0],
            tooltip="Which part it changes where there is a refiner: the model (base), the "
            "refiner, or all.",
        ),
    ]


def _chosen(rows: dict[str, str | float]) -> list[LoRA]:
    loras = []
    for number in range(1, ROWS + 1):
        file = _name(rows, number)
        weight = float(rows.get(f"weight_{number}", LoRA("").weight))
        mode = str(rows.get(f"mode_{number}", MODES[0]))
        if not file or not weight:
            continue
        mode = one_of(f"mode of row {number}", mode, MODES)
        loras.append(LoRA(file, weight, LoRAMode[mode.upper()]))
    return loras


def _name(rows: dict[str, str | float], number: int) -> str:
    """Return what a row names, "" where that is nothing."""
    return file_name(str(rows.get(f"lora_{number}", "")))


def _triggers(specs: Iterable[LoRASpec]) -> str:
    """Return the words to put before a prompt, each once: "watercolour, ink"."""
    words = (spec.prefix.strip(" ,\n") for spec in specs)
    return ", ".join(dict.fromkeys(word for word in words if word))


def _notes(specs: Iterable[LoRASpec]) -> str:
    """Return a paragraph for each LoRA that has a note: "Watercolour: Best at 0.8."."""
    texts = (f"{spec.name}: {spec.note.strip()}" for spec in specs if spec.note.strip())
    return "\n\n".join(dict.fromkeys(texts))
