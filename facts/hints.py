"""What a picture can be to a control, and where a server looks for it (docs/protocol.md 4.5)."""

from __future__ import annotations

from collections.abc import Mapping

KINDS = (
    *("canny", "depth", "pose", "lineart", "scribble", "softedge", "normalbae", "seg", "mlsd"),
    *("tile", "blur", "gray", "lowquality", "inpaint", "ip2p", "color", "shuffle", "custom"),
)
LINES = frozenset({"canny", "lineart", "scribble", "softedge", "mlsd"})

IMAGE = "image"
Sources = tuple[str, ...]

_CONTROLNET: Mapping[str, Sources] = {
    **dict.fromkeys(("canny", "mlsd", "softedge"), (IMAGE, "custom")),
    **dict.fromkeys(("tile", "blur", "gray", "lowquality"), ("custom", IMAGE)),
    **dict.fromkeys(("lineart", "normalbae", "seg", "custom"), ("custom",)),
    **dict.fromkeys(("inpaint", "ip2p"), (IMAGE,)),
    "depth": ("depth", IMAGE),
    "scribble": ("scribble", IMAGE),
    "pose": ("pose", "custom"),
    "shuffle": ("shuffle", "custom"),
}
_T2I_ADAPTER: Mapping[str, Sources] = {
    "canny": (IMAGE, "custom"),
    "depth": ("depth",),
    "scribble": ("scribble",),
    "pose": ("pose", "custom"),
    "color": ("color", IMAGE),
}
_PROMPT: Mapping[str, Sources] = {"shuffle": ("shuffle", "custom")}
_ANY: Mapping[str, Sources] = {**_T2I_ADAPTER, **_CONTROLNET}
_REFERENCE_TYPES: Mapping[str, Mapping[str, Sources]] = {
    "ipadapterplus": _PROMPT,
    "ipadapterfull": _PROMPT,
    "ipadapterfaceidplus": _PROMPT,
    "pulid": _PROMPT,
    "redux": _PROMPT,
    "llava": {"shuffle": ("shuffle", "custom", IMAGE)},
    "inject_kv": {"shuffle": ("shuffle",)},
}
_BY_TYPE: Mapping[str, Mapping[str, Sources]] = {
    "controlnet": _CONTROLNET,
    "controlnetunion": _CONTROLNET,
    "controlnetlora": _CONTROLNET,
    "t2iadapter": _T2I_ADAPTER,
    **_REFERENCE_TYPES,
}
# They take reference pictures whatever their specification calls them.
REFERENCE_TYPES = frozenset(_REFERENCE_TYPES)


def sources(control_type: str) -> Mapping[str, Sources]:
    """Return, for each kind of picture a type of control takes, where a server looks for it.

    The first place that holds one is used: "image" is the init image, others are hint types. Of a
    type that is not known everything that any control takes is allowed.
    """
    return _BY_TYPE.get(control_type, _ANY)
