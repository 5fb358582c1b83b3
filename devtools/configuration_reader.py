"""What a configuration says that has been written: how tests see that nothing of it was lost.

The product only writes configurations; the emulator reads them on its own terms.
"""

from __future__ import annotations

from dataclasses import fields
from enum import IntEnum
from functools import cache
from typing import Any, get_args, get_type_hints

from drawbridge.client.configuration.fields import GenerationConfig
from drawbridge.client.configuration.wire import BLOCK_FIELDS, shortest
from drawbridge.facts.sizes import BLOCK_PX
from drawbridge.proto import configuration
from drawbridge.proto.generation_config_slots import TABLES


def read(data: bytes) -> GenerationConfig:
    """Return what the FlatBuffer says. Raise ValueError where it is no configuration."""
    return _record(configuration.read(data), "GenerationConfiguration", GenerationConfig)


def _record(table: Any, kind: str, record: Any) -> Any:
    wires = {name: wire for name, wire, _ in TABLES[kind]}
    types = _types(record)
    return record(
        **{
            entry.name: _value(
                *(entry.name, wires[entry.name], types[entry.name]),
                getattr(table, configuration.attribute(entry.name)),
            )
            for entry in fields(record)
        }
    )


@cache
def _types(record: Any) -> dict[str, Any]:
    return get_type_hints(record)


def _value(name: str, wire: str, kind: Any, value: Any) -> Any:
    if wire == "string":
        return value or ""
    if wire == "[string]":
        return tuple(value or ())
    if wire.startswith("["):
        return tuple(_record(one, wire.strip("[]"), get_args(kind)[0]) for one in value or ())
    if wire == "float":
        return shortest(value)
    if name in BLOCK_FIELDS:
        return value * BLOCK_PX
    return kind(value) if isinstance(kind, type) and issubclass(kind, IntEnum) else value
