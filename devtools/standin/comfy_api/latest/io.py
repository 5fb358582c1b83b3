"""Schemas and node classes of the V3 interface."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import Any, ClassVar


def _kept(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


class NumberDisplay(str, Enum):
    """How a number's widget looks."""

    number = "number"
    slider = "slider"


class Hidden(str, Enum):
    """What a node may ask of its host beside its inputs."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"


class Input:
    """One input of a node; `io_type` is its socket's name."""

    io_type = "*"

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        extra_dict: dict[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.optional = optional
        self.tooltip = tooltip
        self.lazy = lazy
        self.extra_dict = extra_dict or {}

    def as_dict(self) -> dict[str, Any]:
        """Return the options as GET /object_info shows them."""
        shown = _kept(display_name=self.display_name, tooltip=self.tooltip, lazy=self.lazy)
        return {**shown, **self.extra_dict}


class WidgetInput(Input):
    """An input that a person fills in; `OPTIONS` maps further arguments to their keys."""

    OPTIONS: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        default: Any = None,
        socketless: bool | None = None,
        force_input: bool | None = None,
        extra_dict: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(id, display_name, optional, tooltip, lazy, extra_dict)
        unknown = options.keys() - self.OPTIONS.keys()
        if unknown:  # as ComfyUI's own signatures would
            raise TypeError(f"unexpected arguments of the input {id}: {sorted(unknown)}")
        self._shown = {
            "default": _plain(default),
            "socketless": socketless,
            "forceInput": force_input,
            **{self.OPTIONS[name]: _plain(value) for name, value in options.items()},
        }

    def as_dict(self) -> dict[str, Any]:
        return {**super().as_dict(), **_kept(**self._shown)}


def _plain(value: Any) -> Any:
    if isinstance(value, type) and issubclass(value, Enum):
        return [member.value for member in value]
    return value.value if isinstance(value, Enum) else value


class Output:
    """One output of a node."""

    io_type = "*"

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.tooltip = tooltip
        self.is_output_list = is_output_list


class ComfyTypeIO:
    """A socket type: declares `Input` and `Output`."""

    io_type = "*"
    Input: type[Any] = Input
    Output: type[Any] = Output


def Custom(io_type: str) -> type[ComfyTypeIO]:
    """Make a socket type of one's own."""
    kind = type(io_type, (ComfyTypeIO,), {"io_type": io_type})
    kind.Input = type("Input", (Input,), {"io_type": io_type})
    kind.Output = type("Output", (Output,), {"io_type": io_type})
    return kind


def _with_widget(io_type: str, **options: str) -> type[ComfyTypeIO]:
    kind = Custom(io_type)
    kind.Input = type("Input", (WidgetInput,), {"io_type": io_type, "OPTIONS": options})
    return kind


Image = Custom("IMAGE")
Mask = Custom("MASK")
Audio = Custom("AUDIO")
Video = Custom("VIDEO")
AnyType = Custom("*")
Boolean = _with_widget("BOOLEAN", label_on="label_on", label_off="label_off")
Int = _with_widget(
    "INT",
    min="min",
    max="max",
    step="step",
    control_after_generate="control_after_generate",
    display_mode="display",
)
Float = _with_widget(
    "FLOAT", min="min", max="max", step="step", round="round", display_mode="display"
)
String = _with_widget(
    "STRING", multiline="multiline", placeholder="placeholder", dynamic_prompts="dynamicPrompts"
)
# One of several texts; ComfyUI 0.3.64 does not check which, and neither does the stand-in.
Combo = _with_widget(
    "COMBO",
    options="options",
    control_after_generate="control_after_generate",
    image_upload="image_upload",
)


class Schema:
    """What a node is called, takes and gives."""

    def __init__(
        self,
        node_id: str,
        display_name: str | None = None,
        category: str = "sd",
        inputs: list[Input] | None = None,
        outputs: list[Output] | None = None,
        hidden: list[Hidden] | None = None,
        description: str = "",
        is_input_list: bool = False,
        is_output_node: bool = False,
        is_deprecated: bool = False,
        is_experimental: bool = False,
        is_api_node: bool = False,
        not_idempotent: bool = False,
        enable_expand: bool = False,
    ) -> None:
        self.node_id = node_id
        self.display_name = display_name
        self.category = category
        self.inputs = inputs or []
        self.outputs = outputs or []
        self.hidden = hidden or []
        self.description = description
        self.is_input_list = is_input_list
        self.is_output_node = is_output_node
        self.not_idempotent = not_idempotent

    def validate(self) -> None:
        """Raise ValueError where ids clash: inputs and outputs share one namespace."""
        ids = [entry.id for entry in (*self.inputs, *self.outputs) if entry.id is not None]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"Ids must be unique within {self.node_id}: {', '.join(twice)}")


class HiddenHolder:
    """Values of what a node asked for in `hidden`."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.unique_id: Any = values.get("unique_id")
        self.prompt = values.get("prompt")
        self.extra_pnginfo = values.get("extra_pnginfo")


class _Locked(type):
    def __setattr__(cls, name: str, value: Any) -> None:
        raise AttributeError(f"Cannot modify class attribute '{name}' on locked class")


class ComfyNode:
    """Base of all V3 nodes; the host runs class methods on a throw-away clone."""

    hidden: HiddenHolder
    SCHEMA: Schema | None = None

    @classmethod
    def define_schema(cls) -> Schema:
        """Say what the node is."""
        raise NotImplementedError

    @classmethod
    def GET_SCHEMA(cls) -> Schema:
        """Return the schema after checking it, as ComfyUI does when it loads a pack.

        Like ComfyUI's it writes to the class, so a running node, which is locked, cannot ask it.
        """
        schema = cls.define_schema()
        schema.validate()
        cls.SCHEMA = schema
        return schema

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        """Return the inputs as GET /object_info shows them."""
        shown: dict[str, dict[str, Any]] = {"required": {}, "optional": {}}
        for entry in cls.GET_SCHEMA().inputs:
            kind = "optional" if entry.optional else "required"
            shown[kind][entry.id] = (entry.io_type, entry.as_dict())
        return shown

    @classmethod
    def overrides(cls, name: str) -> bool:
        """Tell whether the node has a method of this name (the host calls no inherited ones)."""
        return any(name in base.__dict__ for base in cls.__mro__[:-2])

    @classmethod
    def locked_method(cls, name: str, hidden: dict[str, Any]) -> Any:
        """Return the method bound to a clone of the class that cannot be written to."""
        clone = _Locked(cls.__name__, (cls,), {"hidden": HiddenHolder(hidden)})
        method = inspect.getattr_static(cls, name).__func__
        return method.__get__(clone)


class NodeOutput:
    """What execute returns: values by position, and what the page may show."""

    def __init__(
        self, *args: Any, ui: dict[str, Any] | None = None, block_execution: str | None = None
    ) -> None:
        self.args = args
        self.ui = ui
        self.block_execution = block_execution

    @property
    def result(self) -> tuple[Any, ...] | None:
        """Return the values by position; None where there are none."""
        return self.args or None
