"""Our socket types; the values that travel on them are in records.py."""

from __future__ import annotations

from comfy_api.latest import io

ServerSocket = io.Custom("DRAWBRIDGE_SERVER")  # AnyServer, certificates as text
ModelSocket = io.Custom("DRAWBRIDGE_MODEL")  # Model
LorasSocket = io.Custom("DRAWBRIDGE_LORAS")  # tuple[LoRA, ...]
ControlsSocket = io.Custom("DRAWBRIDGE_CONTROLS")  # tuple[Hinted, ...]
SettingsSocket = io.Custom("DRAWBRIDGE_SETTINGS")  # Settings
