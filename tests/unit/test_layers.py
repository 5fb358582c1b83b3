"""Arrows run down only: who may import whom, and what ships."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {
    *("grpc", "google", "flatbuffers", "numpy", "torch", "fpzip", "PIL", "aiohttp", "cryptography"),
    *(
        "comfy",
        "comfy_api",
        "comfy_execution",
        "folder_paths",
        "server",
        "nodes",
        "grpc_reflection",
        "zeroconf",
        "ifaddr",
    ),
}
# floor -> (our floors it may know, outside packages it may know)
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "errors": (set(), set()),
    "facts": (set(), set()),
    "proto": (set(), {"grpc", "google", "flatbuffers"}),
    "codec": ({"errors", "facts"}, {"numpy", "torch", "fpzip"}),
    "client": ({"errors", "facts", "proto", "codec"}, {"grpc", "google", "numpy", "zeroconf"}),
    "emulator": (
        {"errors", "facts", "proto", "codec"},
        {"grpc", "numpy", "cryptography", "grpc_reflection", "zeroconf", "ifaddr"},
    ),
    "cli": ({"errors", "facts", "client", "codec"}, {"numpy", "torch", "PIL"}),
    "nodes": (
        {"errors", "facts", "client", "codec"},
        {
            *("numpy", "torch", "PIL", "aiohttp"),
            *("comfy", "comfy_api", "comfy_execution", "folder_paths", "server"),
        },
    ),
}
GENERATED = {"generation_config_fbs.py"}
MODULES = sorted(
    path.relative_to(ROOT)
    for floor in ALLOWED
    for path in [*(ROOT / floor).rglob("*.py"), ROOT / f"{floor}.py"]
    if path.exists() and path.name not in GENERATED
)


def imports(module: Path) -> Iterator[str]:
    """Yield what a module imports: `.floor` for ours, the top-level name for others."""
    package = module.parent.parts
    for node in ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = [*base, *(node.module or "").split(".")]
            names = [part for part in target if part] or [alias.name for alias in node.names]
            yield "." + names[0]
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).split(".")[0]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_knows_only_what_its_floor_may_know(module: Path) -> None:
    floor = module.parts[0].removesuffix(".py")
    ours, outside = ALLOWED[floor]
    for name in imports(module):
        if name == ".__version__":
            continue
        if name.startswith("."):
            assert name[1:] in ours | {floor}, f"{module} may not know {name[1:]}/"
        elif name in ("checkout", "drawbridge"):
            assert module.name == "__main__.py", f"{module} must import relatively"
        else:
            assert name not in OUTSIDE - outside, f"{module} may not know {name}"


def test_version_is_told_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    [version] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"
    ]
    assert project["project"]["version"] == version
