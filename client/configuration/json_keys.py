"""What the app's JSON calls fields and their choices (docs/configuration.md 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import IntEnum
from typing import Any

from ...facts.hints import ControlInput
from .enums import ColorCalibration, CompressionMethod, ControlMode, LoRAMode
from .fields import Control, GenerationConfig, LoRA

_NAMED_OTHERWISE = {
    "start_width": "width",
    "start_height": "height",
    "hires_fix_start_width": "hiresFixWidth",
    "hires_fix_start_height": "hiresFixHeight",
    "fps_id": "fps",
    "motion_bucket_id": "motionScale",
    "cond_aug": "guidingFrameNoise",
    "start_frame_cfg": "startFrameGuidance",
    "stage_2_cfg": "stage2Guidance",
    "control_mode": "controlImportance",
}
_NOT_IN_JSON = {"name", "causal_inference_enabled"}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _keys(record: type[Any]) -> dict[str, str]:
    names = [entry.name for entry in fields(record) if entry.name not in _NOT_IN_JSON]
    return {_NAMED_OTHERWISE.get(name, _camel(name)): name for name in names}


KEYS: Mapping[str, str] = _keys(GenerationConfig)  # JSON key -> field
RECORD_KEYS: Mapping[type[Any], Mapping[str, str]] = {
    GenerationConfig: KEYS,
    Control: _keys(Control),
    LoRA: _keys(LoRA),
}
# Sampler and seed mode are numbers; these are words.
WORDS: dict[type[IntEnum], dict[IntEnum, str]] = {
    kind: {member: member.name.lower() for member in kind}
    for kind in (CompressionMethod, ControlMode, LoRAMode)
}
WORDS[ColorCalibration] = {ColorCalibration.DISABLED: "none", ColorCalibration.LAB: "lab"}
_APART = {
    ControlInput.UNSPECIFIED: "",
    ControlInput.NORMALBAE: "normal bae",
    ControlInput.SEG: "segmentation",
    ControlInput.IP2P: "instruct pix2pix",
    ControlInput.LOWQUALITY: "low quality",
}
WORDS[ControlInput] = {member: _APART.get(member, member.name.lower()) for member in ControlInput}
