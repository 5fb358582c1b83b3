"""A file's specification as a person gives it: checked, as a server drops a bad one silently."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ...errors import ModelUnavailable, RequestRejected
from ...facts.snake_case import snake_keys
from ...facts.specifications import SPECIFICATIONS, find_fault
from .. import strict_json
from .official import needed
from .records import Catalog, ControlSpec, FileServer, LoRASpec, ModelSpec


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


def missing_keys(kind: str, raw: str) -> list[str]:
    """Return the required keys that a specification of that kind (a field of Catalog) lacks."""
    try:
        keys = snake_keys(json.loads(raw))
    except (ValueError, AttributeError):
        keys = {}
    return sorted(SPECIFICATIONS[kind].required.keys() - keys.keys())


async def demand_files(client: FileServer, *specs: ModelSpec | LoRASpec | ControlSpec) -> None:
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


@dataclass(frozen=True)
class _Kind:
    """What specifications of a kind are; `field` is Catalog's."""

    field: str
    remedy: str


_MODEL = _Kind(
    "models",
    "Paste the JSON object of the model, as custom.json of Draw Things has it"
    " between its outermost brackets.",
)
_LORA = _Kind(
    "loras",
    "Paste the JSON object of the LoRA, or an array of them, as custom_lora.json of Draw Things"
    " has it.",
)
_CONTROL = _Kind(
    "controls",
    "Paste the JSON object of the control, or an array of them, as custom_controlnet.json of Draw"
    " Things has it.",
)


def _parse(text: str, kind: _Kind) -> list[object]:
    """Return the elements of a list; another value is the only one."""
    try:
        value = strict_json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise RequestRejected(f"The specification is not JSON{where}.", kind.remedy) from error
    return value if isinstance(value, list) else [value]


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
        _check(the, element, kind)
    return f"[{','.join(raws)}]".encode()


def _check(the: str, element: dict[str, object], kind: _Kind) -> None:
    fault = find_fault(kind.field, element, newer_versions=True)
    if fault is not None and fault.missing:
        raise RequestRejected(
            f"{the} lacks {', '.join(fault.missing)}, and a server would ignore it.",
            "Add what is missing.",
        )
    if fault is not None:
        wrong = (f"{key} ({words})" for key, words in fault.wrong)
        raise RequestRejected(
            f"{the} has values of another type than a server reads: {', '.join(wrong)}.",
            "Give them as they are named in brackets.",
        )
    keys = snake_keys(element)
    if not (keys["file"] and keys["version"]):
        raise RequestRejected(f"{the} has an empty file or version.", kind.remedy)
