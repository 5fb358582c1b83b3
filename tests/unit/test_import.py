"""Importing the pack costs nothing: ComfyUI's start does not pay for what nobody asked for yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("grpc", "google.protobuf", "flatbuffers", "fpzip", "torch", "numpy", "PIL")
COMFYUIS_OWN = {"torch", "numpy", "PIL"}  # its comfy_api imports them
LOAD = """
import asyncio, importlib.util, inspect, sys
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
# What the page asks before it queues a graph, in the thread that also answers everybody else.
CHECK = """
given = {{"host": "mac.local", "saved": "", "source": "none", "names": "a.ckpt", "prompts": "a",
         "model": "a.ckpt", "specification": '{{"file": "a.ckpt"}}', "width": 512, "height": 512}}
for node in nodes:
    check = getattr(node, "validate_inputs", None)
    if check is not None:
        names = inspect.signature(check).parameters
        check(**{{name: given.get(name) for name in names}})
"""
REPORT = "\nprint(*sorted(sys.modules), sep='\\n', end='\\n\\n')\n"
# What only work needs: what a node does, what the page asks for, what a server has and how it is
# reached, the conversion of graphs.
FOR_WORK = (
    *("nodes.records", "nodes.servers.client", "nodes.servers.lookup", "nodes.servers.status"),
    *("nodes.generating.run", "nodes.generating.widgets", "nodes.routes.server"),
    *("client.address", "client.client", "client.catalog", "client.connection", "client.pool"),
    *("client.store", "client.upload", "client.safe_text", "client.configuration.json_text"),
    *("client.generation.advice", "client.generation.assemble", "client.generation.hints"),
    *("facts.app_presets", "facts.app_settings", "facts.latent_spaces", "facts.specifications"),
    *("proto", "graphs", "codec.image", "codec.tensor", "emulator", "cli"),
)
BELOW = tuple(f"{name}." for name in FOR_WORK)


class Loaded(NamedTuple):
    """The names of all modules that Python has loaded after each step of a start."""

    load: set[str]
    start: set[str]
    check: set[str]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Start a Python of its own: this one has loaded everything already."""
    source = REPORT.join((LOAD, START, CHECK, "")).format(root=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", source],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path_factory.mktemp("elsewhere"),
    )
    return Loaded(*(set(names.splitlines()) for names in done.stdout.strip().split("\n\n")))


def ours(names: set[str]) -> set[str]:
    """Return our modules by their names below the root of the pack."""
    marked = (name.partition("_x_v1.") for name in names)
    return {name for _, mark, name in marked if mark}


def test_importing_the_pack_pulls_in_nothing_heavy(loaded: Loaded) -> None:
    assert loaded.load.isdisjoint(HEAVY)
    assert ours(loaded.load) == set()


def test_listing_the_nodes_pulls_in_only_what_comfyui_loads_itself(loaded: Loaded) -> None:
    assert loaded.start.intersection(HEAVY) == COMFYUIS_OWN


def test_declaring_the_nodes_pulls_in_nothing_that_their_work_needs(loaded: Loaded) -> None:
    known = ours(loaded.start)
    assert {"nodes.connect", "nodes.generate", "nodes.routes.table"} <= known
    assert sorted(name for name in known if f"{name}.".startswith(BELOW)) == []


def test_checking_a_graph_pulls_in_no_grpc(loaded: Loaded) -> None:
    assert {"client.store.servers", "client.catalog.specification"} <= ours(loaded.check)
    assert loaded.check.intersection(HEAVY) - {"flatbuffers"} == COMFYUIS_OWN


def test_each_room_that_work_needs_is_there() -> None:
    for name in FOR_WORK:
        path = ROOT.joinpath(*name.split("."))
        assert path.is_dir() or path.with_suffix(".py").is_file(), name
