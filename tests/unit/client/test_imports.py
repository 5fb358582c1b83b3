"""What a node's schema imports must not slow ComfyUI's start or pull in what only a run needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import drawbridge

_ROOT = Path(str(drawbridge.__file__)).parent
_LIGHT = (
    *("facts.versions", "facts.app_settings", "facts.samplers", "facts.hints"),
    *("facts.modifiers", "facts.specifications"),
    *("client.connection.endpoint", "client.connection.nearby", "client.store.credentials"),
    *("client.catalog.records", "client.catalog.official"),
    *("client.configuration.fields", "client.configuration.enums", "client.configuration.ranges"),
    *("client.generation.events", "client.generation.progress", "client.generation.hints"),
    *("client.generation.relevance", "client.generation.advice"),
)
_SCRIPT = """
import sys
sys.path.insert(0, {root!r})
import checkout
checkout.register()
import importlib
importlib.import_module("drawbridge.{module}")
heavy = ("grpc", "google", "torch", "numpy", "flatbuffers", "zeroconf", "drawbridge.proto")
sys.stdout.write(" ".join(name for name in heavy if name in sys.modules))
"""


@pytest.mark.parametrize("module", _LIGHT)
def test_modules_for_schemas_import_nothing_heavy(module: str, tmp_path: Path) -> None:
    script = _SCRIPT.format(root=str(_ROOT), module=module)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
