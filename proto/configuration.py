"""Reads and writes the configuration FlatBuffer, trusting no byte of it.

FlatBuffers for Python has no verifier, and a real server reads without one: a damaged buffer
crashes it.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Any

import flatbuffers

from .generation_config_fbs import GenerationConfigurationT
from .generation_config_slots import TABLES

_ROOT = "GenerationConfiguration"
_SIZES = {
    **dict.fromkeys(("bool", "byte", "ubyte"), 1),
    **dict.fromkeys(("short", "ushort"), 2),
    **dict.fromkeys(("int", "uint", "float"), 4),
    **dict.fromkeys(("long", "double"), 8),
}
_OFFSET = 4


def write(table: GenerationConfigurationT) -> bytes:
    """Return the table as a FlatBuffer; fields that equal their default are left out."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(table.Pack(builder))
    return bytes(builder.Output())


def read(data: bytes) -> GenerationConfigurationT:
    """Return the table that the bytes hold, strings as `str`, after checking every offset in it.

    Raises ValueError where the bytes are not a GenerationConfiguration.
    """
    verify(data)
    table = GenerationConfigurationT.InitFromPackedBuf(data)
    _decode_strings(table, _ROOT)
    for name in ("controls", "loras"):
        for row in getattr(table, name) or ():
            _decode_strings(row, "Control" if name == "controls" else "LoRA")
    return table


@cache
def attribute(name: str) -> str:
    """Return the object API's name of a field: snake_case becomes camelCase."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _decode_strings(table: Any, kind: str) -> None:
    for name, slot, deprecated in TABLES[kind]:
        value = None if deprecated else getattr(table, attribute(name))
        if value is None:
            continue
        if slot == "string":
            setattr(table, attribute(name), value.decode("utf-8"))
        elif slot == "[string]":
            setattr(table, attribute(name), [entry.decode("utf-8") for entry in value])


def verify(data: bytes) -> None:
    """Raise ValueError, saying where, unless the bytes are a well-formed configuration."""
    _Verifier(data).root()


class _Verifier:
    """Walks a buffer along its offsets, each of which must stay inside."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        # Entries may share what they point to, so a small buffer could describe an endless walk.
        self._visits_left = len(data)

    def root(self) -> None:
        self._table(self._follow(0, _ROOT), _ROOT)

    def _table(self, start: int, kind: str) -> None:
        vtable = start - self._read("<i", start, kind)
        vtable_size = self._read("<H", vtable, kind)
        table_size = self._read("<H", vtable + 2, kind)
        if vtable_size < 4 or vtable_size % 2 or vtable + vtable_size > len(self._data):
            raise ValueError(f"{kind}: a vtable of {vtable_size} bytes does not fit")
        if table_size < _OFFSET or start + table_size > len(self._data):
            raise ValueError(f"{kind}: a table of {table_size} bytes does not fit")
        for slot, (name, what, _) in enumerate(TABLES[kind]):
            entry = 4 + 2 * slot
            offset = self._read("<H", vtable + entry, kind) if entry < vtable_size else 0
            if not offset:
                continue
            where = f"{kind}.{name}"
            if offset < _OFFSET or offset + _SIZES.get(what, _OFFSET) > table_size:
                raise ValueError(f"{where}: outside of its table")
            if what not in _SIZES:
                self._reference(self._follow(start + offset, where), what, where)

    def _reference(self, start: int, what: str, where: str) -> None:
        if what == "string":
            self._string(start, where)
        elif what.startswith("["):
            count = self._read("<I", start, where)
            if start + _OFFSET + count * _OFFSET > len(self._data):
                raise ValueError(f"{where}: {count} entries do not fit")
            for index in range(count):
                entry = self._follow(start + _OFFSET + index * _OFFSET, where)
                self._reference(entry, what.strip("[]"), f"{where}[{index}]")
        else:
            self._table(start, what)

    def _string(self, start: int, where: str) -> None:
        size = self._read("<I", start, where)
        end = start + _OFFSET + size
        if end >= len(self._data) or self._data[end]:
            raise ValueError(f"{where}: a string of {size} bytes does not end where it should")
        try:
            self._data[start + _OFFSET : end].decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{where}: not UTF-8") from error

    def _follow(self, at: int, where: str) -> int:
        """Return the position that the offset at `at` points to: always further on."""
        self._visits_left -= 1
        if self._visits_left < 0:
            raise ValueError(f"{where}: refers to the same bytes over and over")
        return at + max(self._read("<I", at, where), 1)

    def _read(self, form: str, at: int, where: str) -> int:
        if at < 0 or at + struct.calcsize(form) > len(self._data):
            raise ValueError(f"{where}: points outside of the buffer")
        return struct.unpack_from(form, self._data, at)[0]
