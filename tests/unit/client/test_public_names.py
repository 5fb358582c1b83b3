"""What programs import from drawbridge: which names, from where, and at what cost."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import drawbridge
from drawbridge import client, errors

ROOT = Path(__file__).resolve().parents[3]
# Programs of other people use these: adding one is free, and taking one away breaks them.
NAMES = [
    "Address",
    "Audio",
    "Away",
    "Back",
    "BadTensor",
    "Began",
    "Cancelled",
    "Catalog",
    "ColorCalibration",
    "CompressionMethod",
    "Control",
    "ControlInput",
    "ControlMode",
    "ControlSpec",
    "CredentialMissing",
    "Credentials",
    "DecoderUnavailable",
    "Done",
    "DownloadSize",
    "DrawThingsClient",
    "DrawbridgeError",
    "Endpoint",
    "Event",
    "Finished",
    "Fit",
    "GenerationConfig",
    "GenerationFailed",
    "GenerationRequest",
    "Guide",
    "Hashing",
    "Hint",
    "Identity",
    "Kept",
    "LeftOut",
    "LoRA",
    "LoRAMode",
    "LoRASpec",
    "Member",
    "Missing",
    "ModelFile",
    "ModelSpec",
    "ModelUnavailable",
    "NearbyUnavailable",
    "News",
    "NoDefaultServer",
    "Paces",
    "Phase",
    "Picture",
    "Pin",
    "Pins",
    "Plan",
    "Planned",
    "Pool",
    "PoolEvent",
    "Prepared",
    "Preview",
    "Progress",
    "ProtocolMismatch",
    "Queued",
    "Receiving",
    "RemoteDownload",
    "RemoteFile",
    "RequestRejected",
    "Returned",
    "Sampler",
    "Secret",
    "SecretRejected",
    "SeedMode",
    "Sending",
    "Server",
    "ServerBusy",
    "ServerInfo",
    "ServerUnreachable",
    "Sound",
    "StoreUnusable",
    "TensorForm",
    "TextualInversionSpec",
    "Thresholds",
    "TlsMismatch",
    "Transport",
    "UploadEvent",
    "UploadFailed",
    "UpscalerSpec",
    "Verifying",
    "WeightedTensor",
    "Wishes",
    "read_controls",
    "read_loras",
    "read_model",
    "to_image",
    "to_pixels",
    "to_preview",
    "to_sound",
]
# Each loads what it needs and no more; in a process of its own, under a name as ComfyUI gives.
LIGHT = ("Endpoint", "Transport", "Secret", "GenerationConfig", "Progress", "DrawbridgeError")
_LOAD = """
import importlib.util, sys
name = {root!r}.replace(".", "_x_") + "/a folder-name_x_v1"
spec = importlib.util.spec_from_file_location(
    name, {root!r} + "/__init__.py", submodule_search_locations=[{root!r}]
)
pack = sys.modules[name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pack)
for wanted in {wanted!r}:
    assert getattr(pack, wanted) is vars(pack)[wanted]
heavy = ("grpc", "google.protobuf", "flatbuffers", "numpy", "torch", "PIL")
print(*sorted(one for one in heavy if one in sys.modules))
"""


def loaded_for(*wanted: str, folder: Path) -> list[str]:
    """Return what is loaded in a new process that has asked for these names."""
    source = _LOAD.format(root=str(ROOT), wanted=wanted)
    words = [sys.executable, "-W", "error", "-c", source]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, cwd=folder)
    return done.stdout.split()


def _imported_for_types(module: Path) -> dict[str, str]:
    """Return where the block for type checkers has each name from."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    [block] = [
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {
        alias.name: "." * node.level + (node.module or "")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_names_are_those_that_programs_rely_on() -> None:
    assert sorted(NAMES) == NAMES
    assert client.__all__ == NAMES
    assert drawbridge.__all__ == NAMES


def test_every_name_is_told_alike_to_programs_and_to_type_checkers() -> None:
    assert _imported_for_types(ROOT / "client" / "__init__.py") == client._HOMES
    assert client.__all__ == sorted(client._HOMES)


@pytest.mark.parametrize("name", NAMES)
def test_name_can_be_imported_and_is_at_home_where_the_table_says(name: str) -> None:
    found = getattr(drawbridge, name)
    assert getattr(client, name) is found
    if inspect.isclass(found) or inspect.isfunction(found):
        home = importlib.util.resolve_name(client._HOMES[name], client.__name__)
        # errors say that they live in the root, and so they do
        assert found.__module__ == ("drawbridge" if _is_kind_of_error(found) else home)


def _is_kind_of_error(found: object) -> bool:
    error = errors.DrawbridgeError
    return inspect.isclass(found) and issubclass(found, error) and found is not error


def test_every_error_is_there() -> None:
    raised = {
        name
        for name, found in vars(errors).items()
        if inspect.isclass(found) and issubclass(found, Exception)
    }
    assert raised <= set(NAMES)


def test_names_are_listed_before_they_are_loaded() -> None:
    assert set(NAMES) <= set(dir(drawbridge))
    assert set(NAMES) <= set(dir(client))


@pytest.mark.parametrize("module", [drawbridge, client], ids=["root", "client"])
def test_another_name_is_refused_as_any_module_does(module: object) -> None:
    assert not hasattr(module, "NODE_CLASS_MAPPINGS")  # ComfyUI asks for it first
    with pytest.raises(AttributeError, match="has no attribute 'DrawThings'"):
        module.DrawThings  # type: ignore[attr-defined]  # noqa: B018


def test_a_name_loads_what_it_needs_and_no_more(tmp_path: Path) -> None:
    assert loaded_for(*LIGHT, folder=tmp_path) == []
    for_client = loaded_for("DrawThingsClient", folder=tmp_path)
    assert "grpc" in for_client
    assert "torch" not in for_client  # pictures need it, and asking a server does not
    assert "torch" in loaded_for("to_pixels", folder=tmp_path)


def test_types_ship() -> None:
    assert (ROOT / "py.typed").is_file()
