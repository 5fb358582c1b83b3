"""Importing the pack costs nothing: ComfyUI's start does not pay for what nobody asked for yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("grpc", "google.protobuf", "flatbuffers", "fpzip", "torch", "numpy", "PIL")
COMFYUIS_OWN = {"torch", "numpy", "PIL"}  # its comfy_api imports them
LOAD = """
import asyncio, importlib.util, sys
name = {root!r}.replace(".", "_x_") + "/a folder-name_x_v1"  # as ComfyUI names what it loads
spec = importlib.util.spec_from_file_location(name, {root!r} + "/__init__.py",
                                              submodule_search_locations=[{root!r}])
pack = sys.modules[name] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(pack)
"""
START = """
sys.path.insert(0, {root!r} + "/devtools/standin")
nodes = asyncio.run(asyncio.run(pack.comfy_entrypoint()).get_node_list())
assert [node.GET_SCHEMA().node_id for node in nodes][:1] == ["Drawbridge_Connect"], nodes
"""
REPORT = "print(*sorted(name for name in sys.modules if name in {heavy!r}))"


def loaded_after(program: str, tmp_path: Path) -> list[str]:
    source = (program + REPORT).format(root=str(ROOT), heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", source],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    return done.stdout.split()


def test_importing_the_pack_pulls_in_nothing_heavy(tmp_path: Path) -> None:
    assert loaded_after(LOAD, tmp_path) == []


def test_listing_the_nodes_pulls_in_only_what_comfyui_loads_itself(tmp_path: Path) -> None:
    assert set(loaded_after(LOAD + START, tmp_path)) == COMFYUIS_OWN
