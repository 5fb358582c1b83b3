"""Presets by their names, and what a preset gives to a graph."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ...client.catalog.lookup import ModelFile
from ...client.configuration.control_kind import kind_of
from ...client.configuration.preset import Preset
from ...client.generation import presets
from ...client.store.presets import SavedPresets
from ...errors import DrawbridgeError
from ..host import user_folder
from ..records import Hinted


def own_presets() -> list[Preset]:
    """Return the presets that the person has saved; may block. Raises StoreUnusable."""
    return SavedPresets(user_folder()).all()


def chosen(name: str, model: ModelFile) -> Preset:
    """Return the preset of a name, for no name what the app recommends for the model; may block.

    Raises RequestRejected where there is none, StoreUnusable.
    """
    if not name.strip():
        return presets.recommended(model.file, model.version, model.spec)
    return presets.find(name, own_presets(), model.spec)


def settings_of(preset: Preset) -> dict[str, Any]:
    """Return what a preset sets besides LoRAs and controls, which have sockets of their own."""
    return {name: value for name, value in preset.values.items() if name != "controls"}


def hinted_of(preset: Preset) -> tuple[Hinted, ...]:
    """Return a preset's controls; each reads Generate's image."""
    controls = preset.values.get("controls", ())
    return tuple(Hinted(control, kind_of(control), None) for control in controls)


def fingerprint(name: str) -> str:
    """Return what changes with the preset of a name; may block. One that is not there is told when
    the node runs.
    """
    try:
        found = presets.find(name, own_presets()) if name.strip() else None
    except DrawbridgeError:
        found = None
    told = "" if found is None else json.dumps(found.as_object())
    return hashlib.blake2b(told.encode()).hexdigest()
