"""Named settings that generate starts from: one's own presets, and the app's."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Any

from ...client.catalog.records import Catalog, ModelSpec
from ...client.configuration.fields import Control
from ...client.configuration.preset import Preset as Named
from ...client.generation import presets
from ...client.store.presets import SavedPresets
from ...errors import RequestRejected
from ...facts.app_presets import negative_prompt
from ..folder import user_folder
from ..outcome import Usage


@dataclass(frozen=True)
class Preset:
    """Settings under a name, and the models that they are for."""

    found: Named
    is_own: bool

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self.found.name

    @property
    def controls(self) -> tuple[Control, ...]:
        """Return its controls, which read the image."""
        return self.found.values.get("controls", ())

    def values(self, spec: ModelSpec | None) -> dict[str, Any]:
        """Return fields of GenerationConfig by name, LoRAs among them; `spec` is the model's
        specification.
        """
        found = self.found if self.is_own else presets.find(self.name, spec=spec)
        values = {name: value for name, value in found.values.items() if name != "controls"}
        return {**values, "loras": found.loras}

    def negative_prompt(self, file: str) -> str:
        """Return what goes with it, else with the model file."""
        return self.found.negative_prompt or negative_prompt(file)

    def model(self, catalog: Catalog) -> str:
        """Return the file of a model that it is for, "" where the server lists none."""
        if self.is_own:
            return self.found.model if catalog.model(self.found.model) else ""
        starts = presets.files_of(self.name)
        return next((spec.file for spec in catalog.models if spec.file.startswith(starts)), "")


def find(options: argparse.Namespace) -> Preset | None:
    """Return the preset that --preset names, None without one. May block.

    Raises Usage where there is none of that name, StoreUnusable.
    """
    if options.preset is None:
        return None
    own = SavedPresets(user_folder(options)).all()
    try:
        found = presets.find(options.preset, own)
    except RequestRejected as error:
        raise error.become(Usage) from error
    return Preset(found, found in own)
