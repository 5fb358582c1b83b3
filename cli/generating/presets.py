"""Named settings: the app's own for a model file (facts/app_settings.py)."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from ...client.catalog.records import Catalog, ModelSpec
from ...client.generation.advice import advise
from ...facts.app_settings import RECOMMENDED, Recommended
from ..outcome import Usage


@dataclass(frozen=True)
class Preset:
    """Settings under a name, and the models that they are for."""

    name: str
    row: Recommended

    def values(self, spec: ModelSpec | None) -> dict[str, Any]:
        """Return fields of GenerationConfig by name; `spec` is the model's specification."""
        return advise(self.name, self.row.version, spec)

    def model(self, catalog: Catalog) -> str:
        """Return the file of a model that it is for, "" where the server lists none."""
        return next(
            (
                spec.file
                for spec in catalog.models
                if spec.version == self.row.version and spec.file.startswith(self.name)
            ),
            "",
        )


def find(name: str | None) -> Preset | None:
    """Return the preset of that name, None for no name. Raises Usage where there is none."""
    if name is None:
        return None
    named = {file: row for row in RECOMMENDED for file in row.files}
    wanted = name.strip().casefold()
    if wanted in named:
        return Preset(wanted, named[wanted])
    near = difflib.get_close_matches(wanted, named, cutoff=0.5)
    raise Usage(
        f"There is no preset {name}.",
        f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(named)}.",
    )
