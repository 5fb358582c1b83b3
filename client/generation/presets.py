"""Which presets there are for a model: the app's own, and those that a person has saved."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from ...errors import RequestRejected
from ...facts import app_presets
from ...facts.app_presets import WITH_LORAS, WithLoRAs
from ...facts.app_settings import RECOMMENDED
from ..catalog.records import ModelSpec
from ..configuration.enums import LoRAMode
from ..configuration.fields import LoRA
from ..configuration.preset import Preset, folded
from .advice import advise


def recommended(file: str, version: str, spec: ModelSpec | None = None) -> Preset:
    """Return what suits a model, under its file's name; `spec` is the server's specification."""
    values = advise(file, version, spec)
    return Preset(file, values, negative_prompt=app_presets.negative_prompt(file), model=file)


def with_loras(file: str, spec: ModelSpec | None = None) -> tuple[Preset, ...]:
    """Return the app's presets for a model file that bring LoRAs."""
    return tuple(_made(one, file, spec) for one in app_presets.with_loras(file))


def find(name: str, own: Iterable[Preset] = (), spec: ModelSpec | None = None) -> Preset:
    """Return the preset of a name in any case: one's own, else the app's.

    The app's settings for a model without LoRAs go by the beginning of its file's name. `spec` is
    the specification of the model that it is for, where that is known. Raises RequestRejected
    where there is none.
    """
    wanted = folded(name)
    saved = {folded(one.name): one for one in own}
    if wanted in saved:
        return saved[wanted]
    lent = {folded(one.name): one for one in WITH_LORAS}
    if wanted in lent:
        return _made(lent[wanted], "", spec)
    rows = {file: row for row in RECOMMENDED for file in row.files}
    if wanted in rows:
        found = recommended(wanted, rows[wanted].version, spec)
        return Preset(wanted, found.values, negative_prompt=found.negative_prompt)
    names = [*(one.name for one in saved.values()), *(one.name for one in lent.values()), *rows]
    near = difflib.get_close_matches(wanted, [folded(one) for one in names], cutoff=0.5)
    shown = [one for one in names if folded(one) in near] or names[:12]
    raise RequestRejected(
        f"There is no preset {name.strip()!r}.",
        f"Name one of these, or another one: {', '.join(shown)}.",
    )


def names(own: Iterable[Preset] = ()) -> list[str]:
    """Return the names that `find` knows, one's own first."""
    files = (file for row in RECOMMENDED for file in row.files)
    return [*(one.name for one in own), *(one.name for one in WITH_LORAS), *files]


def files_of(name: str) -> tuple[str, ...]:
    """Return with what the names of the model files begin that one of the app's presets is for; ()
    for others.
    """
    wanted = folded(name)
    for one in WITH_LORAS:
        if folded(one.name) == wanted:
            return one.settings.files
    return tuple(file for row in RECOMMENDED for file in row.files if file == wanted)


def _made(one: WithLoRAs, file: str, spec: ModelSpec | None) -> Preset:
    row = one.settings
    named = file or row.files[0]
    values: dict[str, Any] = advise(named, row.version, spec, row)
    loras = tuple(LoRA(lora, 1.0, LoRAMode[mode.upper()]) for lora, mode in one.loras)
    return Preset(one.name, values, loras, app_presets.negative_prompt(named), file)
