"""Reads the five lists of specifications as a server does: bad elements are dropped.

Keys and types are those of docs/protocol.md 1.4.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ...facts.versions import VERSIONS

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
Specification: TypeAlias = Mapping[str, JsonValue]

KINDS = ("models", "loras", "controlNets", "textualInversions", "upscalers")

_MODIFIERS = frozenset(
    {
        *("none", "inpainting", "depth", "editing", "double", "canny", "kontext", "kontext_kv"),
        *("qwenimage_edit_plus", "qwenimage_edit_2511", "qwenimage_layered"),
    }
)
_CONTROL_TYPES = frozenset(
    {
        *("controlnet", "controlnetunion", "controlnetlora", "t2iadapter", "ipadapterplus"),
        *("ipadapterfull", "ipadapterfaceidplus", "inject_kv", "pulid", "redux", "llava"),
    }
)
HINT_KINDS = (
    *("custom", "depth", "canny", "scribble", "pose", "normalbae", "color", "lineart", "softedge"),
    *("seg", "inpaint", "ip2p", "shuffle", "mlsd", "tile", "blur", "lowquality", "gray", "audio"),
)


def _text(value: JsonValue) -> bool:
    return isinstance(value, str)


def _flag(value: JsonValue) -> bool:
    return isinstance(value, bool)


def _number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _uint16(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 16


def _record(value: JsonValue) -> bool:
    return isinstance(value, Mapping)


def _list_of(check: Callable[[JsonValue], bool]) -> Callable[[JsonValue], bool]:
    return lambda value: isinstance(value, list) and all(check(entry) for entry in value)


def _one_of(names: Iterable[str]) -> Callable[[JsonValue], bool]:
    allowed = frozenset(names)
    return lambda value: isinstance(value, str) and value in allowed


def _version(value: JsonValue) -> bool:
    return isinstance(value, str) and value in VERSIONS


def _weight_range(value: JsonValue) -> bool:
    return isinstance(value, Mapping) and all(
        _number(value.get(key)) for key in ("lower_bound", "upper_bound")
    )


_texts, _numbers, _wholes = _list_of(_text), _list_of(_number), _list_of(_whole)

_REQUIRED: dict[str, dict[str, Callable[[JsonValue], bool]]] = {
    "models": {
        **dict.fromkeys(("name", "file", "prefix"), _text),
        "version": _version,
        "upcast_attention": _flag,
        "default_scale": _uint16,
    },
    "loras": {**dict.fromkeys(("name", "file", "prefix"), _text), "version": _version},
    "controlNets": {
        **dict.fromkeys(("name", "file"), _text),
        "version": _version,
        "type": _one_of(_CONTROL_TYPES),
        "global_average_pooling": _flag,
    },
    "textualInversions": {
        **dict.fromkeys(("name", "file", "keyword"), _text),
        "length": _whole,
        "version": _version,
    },
    "upscalers": {
        **dict.fromkeys(("name", "file"), _text),
        "scale_factor": lambda value: value in (2, 4),
        "blocks": _whole,
    },
}

_OPTIONAL: dict[str, dict[str, Callable[[JsonValue], bool]]] = {
    "models": {
        **dict.fromkeys(
            (
                *("text_encoder", "autoencoder", "image_encoder", "clip_encoder", "t5_encoder"),
                *("diffusion_mapping", "default_refiner", "text_encoder_version"),
                *("note", "copyright", "hugging_face_link"),
            ),
            _text,
        ),
        **dict.fromkeys(
            (
                *("deprecated", "high_precision_autoencoder", "is_consistency_model"),
                *("predict_v", "guidance_embed", "builtin_lora", "is_bf16"),
            ),
            _flag,
        ),
        **dict.fromkeys(("additional_clip_encoders", "stage_models"), _texts),
        **dict.fromkeys(
            (
                *("latents_mean", "latents_std", "audio_latents_mean", "audio_latents_std"),
                "tea_cache_coefficients",
            ),
            _numbers,
        ),
        **dict.fromkeys(
            ("latents_scaling_factor", "noise_scaling_factor", "frames_per_second"), _number
        ),
        **dict.fromkeys(("objective", "noise_discretization", "mmdit"), _record),
        "remote_api_model_config": _record,
        "latents_upscalers": _list_of(_record),
        "modifier": _one_of(_MODIFIERS),
        "conditioning": _one_of(("noise", "timestep")),
        "padded_text_encoding_length": _whole,
        "hires_fix_scale": _uint16,
    },
    "loras": {
        **dict.fromkeys(("is_consistency_model", "is_lo_ha", "deprecated"), _flag),
        **dict.fromkeys(("alternative_decoder", "note"), _text),
        "alternative_decoder_version": _one_of(("transparent",)),
        "modifier": _one_of(_MODIFIERS),
        "weight": _weight_range,
    },
    "controlNets": {
        **dict.fromkeys(("image_encoder", "preprocessor", "autoencoder", "note"), _text),
        "image_encoder_version": _text,
        "modifier": _one_of(HINT_KINDS),
        "transformer_blocks": _wholes,
        "deprecated": _flag,
        "ip_adapter_config": _record,
    },
    "textualInversions": {"deprecated": _flag},
    "upscalers": {},
}


@dataclass(frozen=True)
class Reading:
    """What one list held: the specifications that are whole, and why each of the others is not."""

    specifications: tuple[Specification, ...]
    dropped: tuple[str, ...]


def read(kind: str, data: bytes) -> Reading:
    """Read one list of `KINDS` from its JSON; bytes that are no JSON array give an empty list."""
    if not data:
        return Reading((), ())
    try:
        elements = json.loads(data)
    except (ValueError, RecursionError):
        return Reading((), (f"override.{kind} is not JSON",))
    if not isinstance(elements, list):
        return Reading((), (f"override.{kind} is not a JSON array",))
    whole: list[Specification] = []
    dropped: list[str] = []
    for index, element in enumerate(elements):
        fault = find_fault(kind, element)
        if fault:
            dropped.append(f"override.{kind}[{index}] {fault}")
        else:
            whole.append(element)
    return Reading(tuple(whole), tuple(dropped))


def find_fault(kind: str, element: JsonValue) -> str | None:
    """Say why a server would drop the element, or return None where it would not."""
    if not isinstance(element, Mapping):
        return "is not an object"
    for key, check in _REQUIRED[kind].items():
        if key not in element:
            return f"has no '{key}'"
        if not check(element[key]):
            return f"has a '{key}' of the wrong type or value"
    for key, check in _OPTIONAL[kind].items():
        if element.get(key) is not None and not check(element[key]):
            return f"has a '{key}' of the wrong type or value"
    return None


def write(specifications: Iterable[Specification]) -> bytes:
    """Return a list as its JSON: UTF-8, keys as they are, nothing that is None."""
    elements = [
        {key: value for key, value in entry.items() if value is not None}
        for entry in specifications
    ]
    return json.dumps(elements, ensure_ascii=False, separators=(",", ":")).encode()
