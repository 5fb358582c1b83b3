"""What each node of a chain does, told without a run: the nodes' own code is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ...client.catalog.lookup import ModelFile
from ...client.configuration.control_kind import kind_of
from ...client.configuration.fields import LoRA
from ...client.configuration.preset import Preset
from ...client.threads import in_thread
from ...errors import DrawbridgeError
from ..configuration import ImportConfiguration
from ..control import ControlNetHint, Moodboard
from ..given_values import fitting
from ..lora import LoRAStack
from ..recommended import RecommendedSettings
from ..records import Hinted
from ..settings import by_model, general  # noqa: F401 - these define the nodes
from ..settings.fields import SettingsNode
from ..settings.presets import chosen, hinted_of, settings_of
from .wiring import Step

IMPORT = ImportConfiguration.GET_SCHEMA().node_id
RECOMMENDED = RecommendedSettings.GET_SCHEMA().node_id
_SETTINGS = {node.GET_SCHEMA().node_id: node for node in SettingsNode.__subclasses__()}
_ROWS: dict[str, Any] = {
    node.GET_SCHEMA().node_id: node for node in (LoRAStack, ControlNetHint, Moodboard)
}
_APART = ("model", "loras", "controls")


@dataclass(frozen=True)
class Said:
    """A field that a node sets; `known` is false where only a run knows its value."""

    name: str
    value: Any
    by: str
    known: bool = True


@dataclass
class Told:
    """What has been found out; `notes` name what has not."""

    said: list[Said] = field(default_factory=list)
    loras: tuple[LoRA, ...] = ()
    hinted: tuple[Hinted, ...] = ()
    other_keys: dict[str, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def values(self) -> dict[str, Any]:
        """Return the fields that are set, later ones winning, also those that a run may change."""
        return {one.name: one.value for one in self.said}

    def doubt(self, step: Step) -> None:
        """Note which of a node's inputs only a run knows."""
        if step.unknown:
            self.notes.append(f"{step.title}: {', '.join(sorted(step.unknown))}")


async def add_settings(told: Told, step: Step, model: ModelFile) -> None:
    """Add what a node of the chain `settings` sets. Raises DrawbridgeError where it would."""
    if step.type in _SETTINGS:
        told.doubt(step)
        node = _SETTINGS[step.type]
        given = fitting(node, {one.name: step.values.get(one.name) for one in node.FIELDS})
        for one in node.FIELDS:
            value = None if given[one.name] is None else one.value(given[one.name])
            if value is not None:
                told.said.append(Said(one.name, value, step.title, one.name not in step.unknown))
    elif step.type == IMPORT:
        await _add_imported(told, step)
    elif step.type == RECOMMENDED:
        told.doubt(step)
        values = settings_of(await _preset(step, model))
        told.said.extend(Said(name, value, step.title) for name, value in values.items())
    else:
        told.notes.append(step.title)


async def _add_imported(told: Told, step: Step) -> None:
    from ...client.configuration import clipboard

    text = str(step.values.get("configuration", ""))
    told.doubt(step)
    if "configuration" in step.unknown or not text.strip():
        return
    drawn: list[int] = []
    imported = await in_thread(lambda: clipboard.read(text, draw=lambda: drawn.append(0) or 0))
    with_seed = step.values.get("use_seed", True)
    for name, value in imported.values.items():
        if name in _APART or (name == "seed" and not with_seed):
            continue
        told.said.append(Said(name, value, step.title, not (name == "seed" and drawn)))
    told.other_keys.update(imported.unknown)


async def add_loras(told: Told, step: Step, model: ModelFile) -> None:
    """Add the LoRAs of a node of the chain `loras`. Raises DrawbridgeError where it would."""
    told.doubt(step)
    if step.type == IMPORT:
        imported = await _imported(step)
        told.loras += imported.loras if imported else ()
    elif step.type == RECOMMENDED:
        told.loras += (await _preset(step, model)).loras
    elif step.type in _ROWS:
        output = await _ROWS[step.type].execute(loras=told.loras, **_declared(step))
        told.loras = output.args[0]
    else:
        told.notes.append(step.title)


async def add_controls(told: Told, step: Step, model: ModelFile) -> None:
    """Add the controls of a node of the chain `controls`. Raises DrawbridgeError where it would."""
    told.doubt(step)
    if step.type == IMPORT:
        imported = await _imported(step)
        controls = imported.controls if imported else ()
        told.hinted += tuple(Hinted(one, kind_of(one), None) for one in controls)
    elif step.type == RECOMMENDED:
        told.hinted += hinted_of(await _preset(step, model))
    elif step.type in _ROWS:
        # Which picture it is does not matter to a configuration; that there is one does.
        pictures = {name: torch.zeros(1, 8, 8, 3) for name in step.linked if "image" in name}
        output = await _ROWS[step.type].execute(controls=told.hinted, **_declared(step), **pictures)
        told.hinted = output.args[0]
    else:
        told.notes.append(step.title)


def _declared(step: Step) -> dict[str, Any]:
    """Return the values of the node's own widgets: the page may show others on it."""
    names = {entry.id for entry in _ROWS[step.type].define_schema().inputs}
    return {name: value for name, value in step.values.items() if name in names}


async def _preset(step: Step, model: ModelFile) -> Preset:
    name = str(step.values.get("preset", ""))
    return await in_thread(lambda: chosen(name, model))


async def _imported(step: Step) -> Any:
    from ...client.configuration import clipboard

    text = str(step.values.get("configuration", ""))
    if "configuration" in step.unknown or not text.strip():
        return None
    return await in_thread(lambda: clipboard.read(text, draw=lambda: 0).config())


async def follow(
    settings: Sequence[Step], loras: Sequence[Step], controls: Sequence[Step], model: ModelFile
) -> Told:
    """Return what the chains do; a node that would refuse its values is named in the notes."""
    told = Told()
    for step in settings:
        with _Noting(told, step):
            await add_settings(told, step, model)
    for step in loras:
        with _Noting(told, step):
            await add_loras(told, step, model)
    for step in controls:
        with _Noting(told, step):
            await add_controls(told, step, model)
    return told


class _Noting:
    """Notes what a node would be refused for, and goes on."""

    def __init__(self, told: Told, step: Step) -> None:
        self._told, self._step = told, step

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: Any, trace: Any) -> bool:
        if isinstance(error, DrawbridgeError | TypeError | KeyError):
            words = error.on_one_line if isinstance(error, DrawbridgeError) else "it cannot be read"
            self._told.notes.append(f"{self._step.title}: {words}")
            return True
        return False
