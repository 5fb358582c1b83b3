"""What a picture can be to a control, and where a server looks for it (docs/protocol.md 4.5)."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import NamedTuple

IMAGE = "image"
"""The place that is the init image; others are types of hints."""
AUDIO = "audio"
"""The one type of hint that is no picture."""
Sources = tuple[str, ...]


class ControlInput(enum.IntEnum):
    """What the picture of a control is, for control files that serve several kinds.

    Values are the wire's (docs/configuration.md 2).
    """

    UNSPECIFIED = 0
    CUSTOM = 1
    DEPTH = 2
    CANNY = 3
    SCRIBBLE = 4
    POSE = 5
    NORMALBAE = 6
    COLOR = 7
    LINEART = 8
    SOFTEDGE = 9
    SEG = 10
    INPAINT = 11
    IP2P = 12
    SHUFFLE = 13
    MLSD = 14
    TILE = 15
    BLUR = 16
    LOWQUALITY = 17
    GRAY = 18


class HintKind(NamedTuple):
    """One kind of picture: its name in specifications and as a type of hint, and its number.

    `controlnet` and `t2i_adapter` are the places where such a control finds it, of which the first
    that holds one is used; () where there is no such control. Pictures with `lines` have light
    lines on dark. A hint of the kind's own type is read by a server only where `own_hint`; that
    of another kind travels as "custom" (docs/protocol.md 4.4).
    """

    name: str
    input: ControlInput
    controlnet: Sources = ()
    t2i_adapter: Sources = ()
    lines: bool = False
    own_hint: bool = False


_IMAGE_FIRST, _CUSTOM_FIRST, _CUSTOM = (IMAGE, "custom"), ("custom", IMAGE), ("custom",)
_ROWS = (
    HintKind("canny", ControlInput.CANNY, _IMAGE_FIRST, _IMAGE_FIRST, lines=True),
    HintKind("depth", ControlInput.DEPTH, ("depth", IMAGE), ("depth",), own_hint=True),
    HintKind("pose", ControlInput.POSE, ("pose", "custom"), ("pose", "custom"), own_hint=True),
    HintKind("lineart", ControlInput.LINEART, _CUSTOM, lines=True),
    HintKind(
        *("scribble", ControlInput.SCRIBBLE, ("scribble", IMAGE), ("scribble",)),
        lines=True,
        own_hint=True,
    ),
    HintKind("softedge", ControlInput.SOFTEDGE, _IMAGE_FIRST, lines=True),
    HintKind("normalbae", ControlInput.NORMALBAE, _CUSTOM),
    HintKind("seg", ControlInput.SEG, _CUSTOM),
    HintKind("mlsd", ControlInput.MLSD, _IMAGE_FIRST, lines=True),
    HintKind("tile", ControlInput.TILE, _CUSTOM_FIRST),
    HintKind("blur", ControlInput.BLUR, _CUSTOM_FIRST),
    HintKind("gray", ControlInput.GRAY, _CUSTOM_FIRST),
    HintKind("lowquality", ControlInput.LOWQUALITY, _CUSTOM_FIRST),
    HintKind("inpaint", ControlInput.INPAINT, (IMAGE,)),
    HintKind("ip2p", ControlInput.IP2P, (IMAGE,)),
    HintKind("color", ControlInput.COLOR, (), ("color", IMAGE), own_hint=True),
    HintKind("shuffle", ControlInput.SHUFFLE, ("shuffle", "custom"), own_hint=True),
    HintKind("custom", ControlInput.CUSTOM, _CUSTOM, own_hint=True),
)

_TABLE = {row.name: row for row in _ROWS}
KINDS: Mapping[str, HintKind] = MappingProxyType(_TABLE)
"""Every kind by its name, in the order in which people are offered them; a live view."""

# Types of controls that read pictures as words do, whatever kind their specification names.
_REFERENCE_TYPES: Mapping[str, Sources] = {
    **dict.fromkeys(
        ("ipadapterplus", "ipadapterfull", "ipadapterfaceidplus", "pulid", "redux"),
        ("shuffle", "custom"),
    ),
    "llava": ("shuffle", "custom", IMAGE),
    "inject_kv": ("shuffle",),
}
REFERENCE_TYPES = frozenset(_REFERENCE_TYPES)
_CONTROLNETS = frozenset({"controlnet", "controlnetunion", "controlnetlora"})
_T2I_ADAPTER = "t2iadapter"
CONTROL_TYPES = REFERENCE_TYPES | _CONTROLNETS | {_T2I_ADAPTER}


def sources(control_type: str) -> Mapping[str, Sources]:
    """Return, for each kind of picture a type of control takes, where a server looks for it.

    The first place that holds one is used. Of a type that is not known everything that any control
    takes is allowed.
    """
    if control_type in _REFERENCE_TYPES:
        return {"shuffle": _REFERENCE_TYPES[control_type]}
    adapter = {row.name: row.t2i_adapter for row in KINDS.values() if row.t2i_adapter}
    if control_type == _T2I_ADAPTER:
        return adapter
    controlnet = {row.name: row.controlnet for row in KINDS.values() if row.controlnet}
    return controlnet if control_type in _CONTROLNETS else {**adapter, **controlnet}


def types() -> frozenset[str]:
    """Return the types of hints that a server knows; any other it passes over."""
    return frozenset({*KINDS, AUDIO})


def read_types() -> frozenset[str]:
    """Return the types of hints that a server ever looks at (docs/protocol.md 4.4)."""
    return frozenset({AUDIO, *(row.name for row in KINDS.values() if row.own_hint)})


@contextmanager
def registered(row: HintKind) -> Iterator[None]:
    """Add a kind for as long as the context lasts. Raises ValueError where there is such a kind."""
    if row.name in _TABLE:
        raise ValueError(f"There is a kind {row.name} already.")
    _TABLE[row.name] = row
    try:
        yield
    finally:
        del _TABLE[row.name]
