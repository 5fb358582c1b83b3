"""How a configuration becomes the FlatBuffer that travels.

The records are dataclasses whose fields are called as the schema's, so that this module knows the
schema alone.
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np

from ...errors import RequestRejected
from ...facts.sizes import BLOCK_PX
from ...proto import configuration
from ...proto.generation_config_fbs import ControlT, GenerationConfigurationT, LoRAT
from ...proto.generation_config_slots import TABLES
from .ranges import called

# Fields that the wire counts in blocks; other sizes are pixels there too (docs/configuration.md 1).
BLOCK_FIELDS = frozenset(
    name for name, wire, _ in TABLES["GenerationConfiguration"] if wire == "ushort"
)

INTEGERS = {
    "byte": (-(1 << 7), (1 << 7) - 1),
    "ubyte": (0, (1 << 8) - 1),
    "ushort": (0, (1 << 16) - 1),
    "int": (-(1 << 31), (1 << 31) - 1),
    "uint": (0, (1 << 32) - 1),
    "long": (-(1 << 63), (1 << 63) - 1),
}
_ROOT = "GenerationConfiguration"
_TABLES: dict[str, type[Any]] = {
    _ROOT: GenerationConfigurationT,
    "Control": ControlT,
    "LoRA": LoRAT,
}


def shortest(value: float) -> float:
    """Return the shortest decimal of a float32: 0.7, not 0.699999988079071; infinity beyond all."""
    with np.errstate(over="ignore"):
        return float(str(np.float32(value)))


def write(config: object) -> bytes:
    """Return the FlatBuffer. Raise RequestRejected where a value does not fit the wire."""
    return configuration.write(_to_table(config, _ROOT))


def _to_table(record: object, kind: str) -> Any:
    table = _TABLES[kind]()
    for name, wire, deprecated in TABLES[kind]:
        if not deprecated:
            setattr(
                table, configuration.attribute(name), _to_wire(name, wire, getattr(record, name))
            )
    return table


def _to_wire(name: str, wire: str, value: Any) -> Any:
    if wire == "string":
        return _text(name, value) if value else None
    if wire == "[string]":
        return [_text(name, entry) for entry in value] or None
    if wire.startswith("["):
        return [_to_table(entry, wire.strip("[]")) for entry in value] or None
    if wire == "bool":
        return bool(value)
    if wire == "float":
        return _float(name, value)
    if name in BLOCK_FIELDS:
        if value % BLOCK_PX:
            raise RequestRejected(
                f"The setting {called(name)} is {value}, not a multiple of {BLOCK_PX}.",
                f"Set {called(name)} to {round(value / BLOCK_PX) * BLOCK_PX or BLOCK_PX}.",
            )
        value //= BLOCK_PX
    low, high = INTEGERS[wire]
    if not low <= value <= high or value != int(value):
        raise RequestRejected(
            f"The setting {called(name)} is {value}, which cannot be sent.",
            f"Set {called(name)} to a whole number from {low} to {high}.",
        )
    return int(value)


def _text(name: str, value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise RequestRejected(
            f"The setting {name} has characters that are not text.", f"Type {name} anew."
        ) from None
    return value


def _float(name: str, value: float) -> float:
    try:
        struct.pack("<f", value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise RequestRejected(
            f"The setting {called(name)} is not a number that can be sent.",
            f"Set {called(name)} to a plain number.",
        )
    return float(value)
