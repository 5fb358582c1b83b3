"""What a graph's JSON has of our nodes: own_nodes.json, which scripts/own_nodes.py writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

CONNECT = "Drawbridge_Connect"
LOAD_MODEL = "Drawbridge_LoadModel"
GENERATE = "Drawbridge_Generate"
PROMPT = "Drawbridge_Prompt"
LORAS = "Drawbridge_LoRAStack"
CONTROL = "Drawbridge_ControlNetHint"
MOODBOARD = "Drawbridge_Moodboard"
IMPORT = "Drawbridge_ImportConfiguration"
SAMPLING = "Drawbridge_SettingsSamplingDetails"
HIRES = "Drawbridge_SettingsHighResolutionFix"
REFINER = "Drawbridge_SettingsRefiner"
UPSCALER = "Drawbridge_SettingsUpscaler"
INPAINTING = "Drawbridge_SettingsInpainting"
SPEED = "Drawbridge_SettingsSpeed"
TILING = "Drawbridge_SettingsTiling"
TEXTS = "Drawbridge_SettingsTextEncoders"
VIDEO = "Drawbridge_SettingsVideo"
SDXL = "Drawbridge_SettingsSDXLSizeConditioning"

_TABLE = Path(__file__).with_name("own_nodes.json")


class OwnNode(NamedTuple):
    """One of our nodes: sockets and outputs with their types, widgets with type and default."""

    sockets: Mapping[str, str]
    widgets: Mapping[str, tuple[str, Any]]
    outputs: tuple[tuple[str, str], ...]

    def defaults(self) -> dict[str, Any]:
        """Return the values of untouched widgets, in their order."""
        return {name: default for name, (_, default) in self.widgets.items()}


@cache
def own_nodes() -> Mapping[str, OwnNode]:
    """Return our nodes by id."""
    table = json.loads(_TABLE.read_text(encoding="utf-8"))
    return {
        node: OwnNode(
            dict(parts["sockets"]),
            {name: (kind, default) for name, kind, default in parts["widgets"]},
            tuple((name, kind) for name, kind in parts["outputs"]),
        )
        for node, parts in table.items()
    }
