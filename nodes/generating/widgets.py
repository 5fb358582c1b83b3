"""Generate's widgets as fields of a configuration, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...client.configuration.fields import GenerationConfig
from ...client.generation.advice import advise
from ...facts import versions
from ...facts.app_settings import recommended
from ...facts.samplers import Sampler
from ..checks import choice
from .widget_fields import FIELDS, SHIFTS


@dataclass(frozen=True)
class Widgets:
    """What Generate's widgets say; `sampler` is "" and `shift` 0 where the model shall decide."""

    width: int
    height: int
    steps: int
    guidance: float
    seed: int
    sampler: str
    shift: float
    batch_size: int
    strength: float = 1.0

    def fields(self, file: str, version: str) -> dict[str, Any]:
        """Return them as fields of GenerationConfig for a model.

        Raises RequestRejected for a sampler that nobody knows.
        """
        advised = advise(file, version)
        shift, by_size = self.shift, False
        if not shift:  # the model's own; where nothing is known, the server's rule
            shift, by_size = advised["shift"], advised["resolution_dependent_shift"]
        row = recommended(file, version)
        frames = {"num_frames": row.num_frames} if row and row.num_frames else {}
        return {
            "model": file,
            "start_width": self.width,
            "start_height": self.height,
            "steps": self.steps,
            "guidance_scale": self.guidance,
            "guidance_embed": self.guidance,
            "seed": self.seed,
            "sampler": self._chosen_sampler() if self.sampler else advised["sampler"],
            "shift": shift,
            "resolution_dependent_shift": by_size,
            "batch_size": self.batch_size,
            "strength": self.strength,
            **frames,
        }

    def _chosen_sampler(self) -> Sampler:
        return choice("sampler", self.sampler, {sampler.label: sampler for sampler in Sampler})


def as_widgets(
    values: Mapping[str, Any], file: str = "", version: str = ""
) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """Return fields of GenerationConfig as Generate's widgets, the fields for which there is none,
    and sentences about values that a widget cannot hold.

    `file` and `version` are the model's, "" where it is not known.
    """
    widgets: dict[str, Any] = {}
    rest, warnings = dict(values), []
    for widget, (name, allowed) in FIELDS.items():
        if name not in rest:
            continue
        if allowed.takes(rest[name]):
            widgets[widget] = rest.pop(name)
        else:
            warnings.append(f"Generate's {widget} cannot be {rest[name]}: it is {allowed}.")
    if "sampler" in rest:
        widgets["sampler"] = Sampler(rest.pop("sampler")).label
    known = versions.find(version)
    by_size = advise(file, version)["resolution_dependent_shift"] and (
        known is None or known.resolution_dependent_shift
    )
    _shift(rest, widgets, warnings, by_size)
    if rest.get("guidance_embed", object()) == values.get("guidance_scale"):
        del rest["guidance_embed"]  # Generate gives it the value of guidance
    return widgets, rest, warnings


def _shift(
    rest: dict[str, Any], widgets: dict[str, Any], warnings: list[str], by_size: bool
) -> None:
    """Take over the shift: 0 is automatic, which is from the size where `by_size`.

    Where it is not, a server does not read that switch, or Generate has another one for the model.
    """
    if not {"shift", "resolution_dependent_shift"} & rest.keys():
        return
    if rest.get("resolution_dependent_shift") and by_size:
        widgets["shift"] = 0.0
        del rest["resolution_dependent_shift"]
        rest.pop("shift", None)
        return
    shift = rest.get("shift", GenerationConfig.shift)
    if not SHIFTS.takes(shift):
        warnings.append(f"Generate's shift cannot be {shift}: it is {SHIFTS}.")
        return
    widgets["shift"] = shift
    rest.pop("shift", None)
    if not rest.get("resolution_dependent_shift", True):
        del rest["resolution_dependent_shift"]
