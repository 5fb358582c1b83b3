"""Nodes out of fields of the configuration, whose kinds, defaults and limits the client tells."""

from __future__ import annotations

from dataclasses import fields
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, get_type_hints

from comfy_api.latest import io

from ...client.configuration.enums import SeedMode
from ...client.configuration.fields import GenerationConfig
from ...client.configuration.ranges import Range, ranges
from ...client.generation.relevance import Readers, readers
from ...errors import RequestRejected
from ...facts.samplers import Sampler
from ..checks import choice
from ..sockets import SettingsSocket

if TYPE_CHECKING:
    from ..records import Settings

CATEGORY = "Draw Things/Settings"
WINS = "What is set here wins over Generate's own widgets and over settings from earlier nodes."
_DEFAULTS: dict[str, Any] = {entry.name: entry.default for entry in fields(GenerationConfig)}
_KINDS: dict[str, Any] = get_type_hints(GenerationConfig)
_RANGES = ranges(GenerationConfig)
_TENTH = 0.1
_HUNDREDTH = 0.01
ROUND = 0.001


class Setting(NamedTuple):
    """A field of GenerationConfig as a widget; its name is the input's.

    With `automatic` a 0 leaves the field to whoever knows better. `multiline` is for long texts,
    `step` for a number's arrows where 1 (or a tenth, or a hundredth) will not do.
    """

    name: str
    tooltip: str
    automatic: bool = False
    multiline: bool = False
    step: int = 0

    def input(self) -> io.Input:
        """Return the widget, its tooltip ending with the model versions that read the field."""
        tooltip = " ".join(filter(None, (self.tooltip, _read_by(readers(self.name)))))
        kind, default = _KINDS[self.name], _DEFAULTS[self.name]
        if kind is bool:
            return io.Boolean.Input(self.name, default=default, tooltip=tooltip)
        if kind is str:
            return io.String.Input(
                self.name, default=default, multiline=self.multiline, tooltip=tooltip
            )
        if issubclass(kind, IntEnum):
            options = [label(member) for member in kind]
            return io.Combo.Input(
                self.name, options=options, default=label(default), tooltip=tooltip
            )
        allowed = _RANGES[self.name]
        low, start = (0, 0) if self.automatic else (allowed.least, default)
        if kind is int:
            return io.Int.Input(
                self.name,
                default=start,
                min=int(low),
                max=int(allowed.most),
                step=self.step or allowed.step or 1,
                tooltip=tooltip,
            )
        return io.Float.Input(
            self.name,
            default=float(start),
            min=float(low),
            max=float(allowed.most),
            step=_HUNDREDTH if allowed.high <= 1 else _TENTH,
            round=ROUND,
            tooltip=tooltip,
        )

    def value(self, given: Any) -> Any:
        """Return the field's value for what a widget or a link gives; None to leave it alone.

        Raises RequestRejected, naming the field, for a choice or a number that it cannot have.
        """
        kind = _KINDS[self.name]
        if kind is str:
            return given.strip()
        if kind is not bool and issubclass(kind, IntEnum):
            return choice(f"setting {self.name}", given, {label(one): one for one in kind})
        if kind in (int, float):
            if self.automatic and given == 0:
                return None
            words = complaint(self.name, given)
            if words:
                raise RequestRejected(*words)
        return given


def _read_by(those: Readers | None) -> str:
    """Return a sentence about the model versions that read a field, "" where all do."""
    if those is None:
        return ""
    if those.excepted:
        return f"For all but {those.names}, where it is left out."
    return f"Only for {those.names}; left out for others."


def label(member: IntEnum) -> str:
    """Return the words for a choice."""
    if isinstance(member, Sampler | SeedMode):
        return member.label
    return member.name.replace("_", " ").capitalize()


def complaint(name: str, given: float) -> tuple[str, str] | None:
    """Return what is wrong with a number and what to do, if a server cannot be sent it."""
    allowed: Range = _RANGES[name]
    if allowed.bears(given // allowed.step * allowed.step if allowed.step else given):
        return None  # what is no multiple is brought down to one
    return (
        f"The setting {name} is {given}, not {allowed.demand}.",
        f"Set {name} to a value of {allowed}.",
    )


def first_complaint(**given: float | None) -> bool | str:
    """Return for validate_inputs whether all numbers can be; linked ones arrive as None."""
    for name, number in given.items():
        words = None if number is None else complaint(name, number)
        if words:
            return " ".join(words)
    return True


class SettingsNode(io.ComfyNode):
    """Base of the settings nodes: one declares its fields, and how they become Settings is here."""

    ID: ClassVar[str]
    TITLE: ClassVar[str]
    ABOUT: ClassVar[str]
    FIELDS: ClassVar[tuple[Setting, ...]]

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=f"Drawbridge_Settings{cls.ID}",
            display_name=f"Draw Things {cls.TITLE}",
            category=CATEGORY,
            description=f"{cls.ABOUT} {WINS}",
            inputs=[
                *(setting.input() for setting in cls.FIELDS),
                chained(),
            ],
            outputs=[SettingsSocket.Output(display_name="settings", tooltip="For Generate.")],
        )

    @classmethod
    def execute(cls, settings: Settings | None = None, **given: Any) -> io.NodeOutput:
        from ..records import Settings

        values = {field.name: field.value(given[field.name]) for field in cls.FIELDS}
        chosen = {name: value for name, value in values.items() if value is not None}
        return io.NodeOutput((settings or Settings()).with_values(**chosen))


def chained() -> io.Input:
    """Return the input for settings from another node."""
    return SettingsSocket.Input(
        "settings", optional=True, tooltip="Settings from another node, to which these are added."
    )
