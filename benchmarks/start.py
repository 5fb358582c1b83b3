"""How long it takes until something can begin: the pack's import, and a command from the shell."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from generation import greeting
from replay import Replay
from turns import Figure, medians

import checkout

GROUP = "start"
# What ComfyUI has loaded before it looks for packs; then what it does with a pack's folder.
_IMPORT = """
import asyncio, importlib.util, sys, time
import aiohttp.web, numpy, PIL.Image, torch
sys.path.insert(0, sys.argv[2])
import comfy.model_management, comfy.utils, folder_paths, server
import comfy_api.latest
start = time.perf_counter()
spec = importlib.util.spec_from_file_location("pack", sys.argv[1] + "/__init__.py")
module = importlib.util.module_from_spec(spec)
sys.modules["pack"] = module
spec.loader.exec_module(module)
async def load():
    extension = await module.comfy_entrypoint()
    for node in await extension.get_node_list():
        node.GET_SCHEMA() if hasattr(node, "GET_SCHEMA") else node.define_schema()
asyncio.run(load())
print(time.perf_counter() - start)
"""
_EMPTY = """
from comfy_api.latest import ComfyExtension, io
class Nothing(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="Nothing", display_name="Nothing", inputs=[], outputs=[])
    @classmethod
    def execute(cls):
        return io.NodeOutput()
class Pack(ComfyExtension):
    async def get_node_list(self):
        return [Nothing]
async def comfy_entrypoint():
    return Pack()
"""


def figures(rounds: int) -> Iterator[Figure]:
    """Yield the lines of the table."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "__init__.py").write_text(_EMPTY, "utf-8")
        yield from _figures(Path(folder), _environment(folder), max(5, rounds // 3))


def _figures(empty: Path, environment: dict[str, str], rounds: int) -> Iterator[Figure]:
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(rounds + 1):
        for times, pack in ((ours, checkout.ROOT), (theirs, empty)):
            taken = _import_ms(pack, environment)
            if turn:  # the first one compiles
                times.append(taken)
    more = statistics.median(ours) - statistics.median(theirs)
    yield Figure(GROUP, "import of the pack beyond an empty one", more, target=30.0)
    with Replay({"Echo": greeting()}, {}) as server:
        echo = ("echo", "--transport", "plaintext", "--port", str(server.port))
        program = Path(sys.executable).with_name("drawbridge")
        shell = [str(program)] if program.exists() else [sys.executable, "-m", "cli"]
        command, limit = medians(
            rounds,
            lambda: _run([*shell, *echo], environment),
            lambda: _run([sys.executable, "-c", "import grpc"], environment),
        )
    yield Figure(GROUP, "drawbridge echo", command, "ms", limit, 'python -c "import grpc"', 1.5)


def _run(words: list[str], environment: dict[str, str]) -> None:
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment)


def _import_ms(pack: Path, environment: dict[str, str]) -> float:
    words = [sys.executable, "-c", _IMPORT, str(pack), str(checkout.ROOT / "devtools" / "standin")]
    ran = subprocess.run(words, stdout=subprocess.PIPE, check=True, cwd="/", env=environment)
    return float(ran.stdout.split()[-1]) * 1000


def _environment(folder: str) -> dict[str, str]:
    """Return one in which modules are compiled once, as for everybody who starts a second time."""
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": folder}
