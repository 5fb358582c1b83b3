"""A file's specification as a person gives it: checked, as a server drops a bad one silently."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import ModelUnavailable, RequestRejected
from .official import needed
from .records import Catalog, ControlSpec, LoRASpec, ModelSpec, missing_keys, snake_keys

if TYPE_CHECKING:
    from ..client import DrawThingsClient

Check = tuple[Callable[[object], bool], str]  # and what it asks for, in words


def read_model(text: str) -> ModelSpec:
    """Return the specification that a JSON object is; a list of one object is taken for it.

    Raises RequestRejected with the keys that are missing or of another type than a server reads
    (docs/protocol.md 1.4).
    """
    elements = _parse(text, _MODEL)
    if len(elements) != 1:
        raise RequestRejected("The specification is not one JSON object.", _MODEL.remedy)
    [spec] = Catalog.from_json(models=_checked(elements, _MODEL)).models
    return spec


def read_loras(text: str) -> tuple[LoRASpec, ...]:
    """Return the specifications of LoRAs that a JSON object is, or a list of objects, in order.

    Raises RequestRejected as `read_model` does, if one of them is of no use.
    """
    return Catalog.from_json(loras=_checked(_parse(text, _LORA), _LORA)).loras


def read_controls(text: str) -> tuple[ControlSpec, ...]:
    """Return the specifications of controls that a JSON object is, or a list of objects, in order.

    Raises RequestRejected as `read_model` does, if one of them is of no use.
    """
    return Catalog.from_json(controls=_checked(_parse(text, _CONTROL), _CONTROL)).controls


async def demand_files(
    client: DrawThingsClient, *specs: ModelSpec | LoRASpec | ControlSpec
) -> None:
    """Raise ModelUnavailable unless the server has every file that the specifications name."""
    names = dict.fromkeys(file for spec in specs for file in needed(spec))
    if not names:
        return
    there = {file.name for file in await client.files_exist(list(names)) if file.exists}
    for spec in specs:
        missing = [file for file in needed(spec) if file not in there]
        if missing:
            raise ModelUnavailable(
                f"The server at {client.endpoint.address} lacks {', '.join(missing)}, which the"
                f" specification of {spec.name} names.",
                "Bring the files there with Upload, or download them there.",
            )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 16


def _is_slider(value: object) -> bool:
    """Whether a server can read a LoRA's `weight`: without its ends it drops the whole LoRA."""
    keys = snake_keys(value) if isinstance(value, dict) else {}
    ends = all(_is_number(keys.get(key)) for key in ("lower_bound", "upper_bound"))
    return ends and (keys.get("value") is None or _is_number(keys.get("value")))


def _are_wholes(value: object) -> bool:
    return isinstance(value, list) and all(_is_whole(entry) for entry in value)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


_TEXT: Check = (_is_text, "text")
_FLAG: Check = (_is_flag, "true or false")


@dataclass(frozen=True)
class _Kind:
    """What specifications of a kind have to be; `field` is Catalog's."""

    field: str
    remedy: str
    required: Mapping[str, Check]
    optional: Mapping[str, Check]


_MODEL = _Kind(
    "models",
    "Paste the JSON object of the model, as custom.json of Draw Things has it between its outermost"
    " brackets.",
    {
        **dict.fromkeys(("name", "file", "prefix", "version"), _TEXT),
        "upcast_attention": _FLAG,
        "default_scale": (_is_size, "a whole number of 64 pixels, such as 8 or 16"),
    },
    {},
)
_LORA = _Kind(
    "loras",
    "Paste the JSON object of the LoRA, or an array of them, as custom_lora.json of Draw Things"
    " has it.",
    dict.fromkeys(("name", "file", "prefix", "version"), _TEXT),
    {
        **dict.fromkeys(("is_consistency_model", "is_lo_ha", "deprecated"), _FLAG),
        **dict.fromkeys(("modifier", "alternative_decoder", "note"), _TEXT),
        "alternative_decoder_version": _TEXT,
        "weight": (_is_slider, "an object with the numbers lower_bound and upper_bound"),
    },
)
_CONTROL = _Kind(
    "controls",
    "Paste the JSON object of the control, or an array of them, as custom_controlnet.json of Draw"
    " Things has it.",
    {
        **dict.fromkeys(("name", "file", "version", "type"), _TEXT),
        "global_average_pooling": _FLAG,
    },
    {
        **dict.fromkeys(("modifier", "image_encoder", "preprocessor", "autoencoder"), _TEXT),
        **dict.fromkeys(("image_encoder_version", "note"), _TEXT),
        "deprecated": _FLAG,
        "transformer_blocks": (_are_wholes, "a list of whole numbers"),
        "ip_adapter_config": (_is_object, "an object"),
    },
)


def _parse(text: str, kind: _Kind) -> list[object]:
    """Return the elements of a list; another value is the only one."""
    try:
        value = json.loads(text, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise RequestRejected(f"The specification is not JSON{where}.", kind.remedy) from error
    return value if isinstance(value, list) else [value]


def _no_number(word: str) -> float:
    raise ValueError(word)


def _checked(elements: list[object], kind: _Kind) -> bytes:
    """Return the elements as the JSON array that Catalog reads, none of which it will drop."""
    if not elements:
        raise RequestRejected("The specification is an empty list.", kind.remedy)
    raws = []
    for number, element in enumerate(elements, 1):
        the = "The specification" if len(elements) == 1 else f"Specification {number}"
        if not isinstance(element, dict):
            raise RequestRejected(f"{the} is not one JSON object.", kind.remedy)
        raws.append(json.dumps(element, separators=(",", ":")))
        _check(the, element, raws[-1], kind)
    return f"[{','.join(raws)}]".encode()


def _check(the: str, element: dict[str, object], raw: str, kind: _Kind) -> None:
    missing = missing_keys(kind.field, raw)
    if missing:
        raise RequestRejected(
            f"{the} lacks {', '.join(missing)}, and a server would ignore it.",
            "Add what is missing.",
        )
    wrong = []
    for key, value in element.items():
        [name] = snake_keys({key: value})
        check = kind.required.get(name)
        if check is None and value is not None:  # null is as if an optional key were not there
            check = kind.optional.get(name)
        if check is not None and not check[0](value):
            wrong.append(f"{key} ({check[1]})")
    if wrong:
        raise RequestRejected(
            f"{the} has values of another type than a server reads: {', '.join(wrong)}.",
            "Give them as they are named in brackets.",
        )
    keys = snake_keys(element)
    if not (keys["file"] and keys["version"]):
        raise RequestRejected(f"{the} has an empty file or version.", kind.remedy)
