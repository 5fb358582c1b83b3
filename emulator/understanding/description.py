"""Describes the message of a generation request in plain JSON, for the journal."""

from __future__ import annotations

import hashlib
import math

from ...proto import configuration
from ...proto import image_service_pb2 as pb2
from ...proto.generation_config_slots import TABLES
from ..stock import specifications
from ..stock.specifications import JsonValue
from .tensors import HASH_BYTES, HEADER


def to_json(message: pb2.ImageGenerationRequest) -> dict[str, JsonValue]:
    """Return a request in plain JSON for the journal, without pictures' bytes and the secret."""
    fields: dict[str, JsonValue] = {
        "prompt": message.prompt,
        "negative_prompt": message.negativePrompt,
        "chunked": message.chunked,
        "scale_factor": message.scaleFactor,
        "user": message.user,
        "device": message.device,
        "keywords": list(message.keywords),
        "image": _describe(message.image),
        "mask": _describe(message.mask),
        "contents": [_describe(blob) for blob in message.contents],
        "hints": [
            {
                "type": hint.hintType,
                "tensors": [
                    {**(_describe(entry.tensor) or {}), "weight": entry.weight}
                    for entry in hint.tensors
                ],
            }
            for hint in message.hints
        ],
        "override": {
            kind: [
                str(entry["file"])
                for entry in specifications.read(
                    kind, getattr(message.override, kind)
                ).specifications
            ]
            for kind in specifications.KINDS
        },
    }
    try:
        fields["configuration"] = _table(
            configuration.read(message.configuration), "GenerationConfiguration"
        )
    except ValueError as error:
        fields["configuration_error"] = str(error)
    return fields


def _describe(data: bytes) -> dict[str, JsonValue] | None:
    """Return size and hash of a blob, and the shape and codec that a tensor's header states."""
    if not data:
        return None
    if len(data) == HASH_BYTES:
        return {"sha256": data.hex()}
    described: dict[str, JsonValue] = {
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    if len(data) >= HEADER.size:
        identifier, _, form, datatype, _, *dims = HEADER.unpack_from(data)
        described |= {
            "codec": identifier,
            "format": form,
            "datatype": datatype,
            "shape": [*dims[: dims.index(0)]] if 0 in dims else list(dims),
        }
    return described


def _table(table: object, kind: str) -> dict[str, JsonValue]:
    """Return every field of a table under the schema's own name."""
    fields: dict[str, JsonValue] = {}
    for name, slot, deprecated in TABLES[kind]:
        if deprecated:
            continue
        head, *rest = name.split("_")
        value: JsonValue = getattr(
            table, head + "".join(part[:1].upper() + part[1:] for part in rest)
        )
        if slot in ("[Control]", "[LoRA]"):
            rows = value if isinstance(value, list) else ()
            value = [_table(row, slot.strip("[]")) for row in rows]
        elif isinstance(value, float) and not math.isfinite(value):
            value = str(value)  # JSON has no such number
        fields[name] = value
    return fields
