"""What takes effect besides prompt and model: LoRAs, controls, a refiner, what the model edits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ...facts import modifiers
from ...proto.generation_config_fbs import ControlT
from ..stock.specifications import Specification


@dataclass(frozen=True)
class ActiveLora:
    """A LoRA that takes effect; `share` is the part of the steps in which it does, 0 to 1."""

    file: str
    weight: float
    share: float
    entry: Specification


@dataclass(frozen=True)
class ActiveControl:
    """A control that takes effect.

    `kind` is one of the kinds of hints, or of `REFERENCE_TYPES`. `source` names the hint that it
    reads, or "image"; None where it finds nothing to read.
    """

    kind: str
    source: str | None
    row: ControlT
    entry: Specification

    def active_steps(self, steps: int) -> range:
        """Return the steps in which it acts (docs/protocol.md 4.5)."""
        first = math.floor((steps - 1) * finite(self.row.guidanceStart) + 0.5)
        return range(first, math.ceil((steps - 1) * finite(self.row.guidanceEnd) + 0.5))


@dataclass(frozen=True)
class Effects:
    """What takes effect besides prompt and model, and why the rest does not.

    `reads` are the hint types, and "image", that something looks at. With `alpha` the model's
    results have alpha whatever else takes effect.
    """

    modifier: str
    loras: tuple[ActiveLora, ...]
    controls: tuple[ActiveControl, ...]
    refiner: Specification | None
    reads: frozenset[str]
    remarks: tuple[str, ...]
    alpha: bool = False

    @property
    def consistency(self) -> bool:
        """Return whether a LoRA is a distilled one."""
        return any(lora.entry.get("is_consistency_model") for lora in self.loras)

    @property
    def transparent(self) -> bool:
        """Return whether results carry alpha."""
        return (
            self.alpha
            or modifiers.find(self.modifier).layered
            or any(
                lora.entry.get("alternative_decoder_version") == "transparent"
                for lora in self.loras
            )
        )


def finite(value: float) -> float:
    """Return the value, 0 where it is not finite."""
    return value if math.isfinite(value) else 0.0
