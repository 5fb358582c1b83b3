"""Arrows run down only: who may import whom, on every level of the house, and what ships."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import cache
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
        "threadpoolctl",
        "zeroconf",
        "ifaddr",
    ),
}
# floor -> (our floors it may know, outside packages it may know)
ALLOWED: dict[str, tuple[set[str], set[str]]] = {
    "errors": (set(), set()),
    "facts": (set(), set()),
    "proto": (set(), {"grpc", "google", "flatbuffers"}),
    "codec": ({"errors", "facts"}, {"numpy", "torch", "fpzip", "threadpoolctl"}),
    "client": (  # pictures come to it as tensors, and pass through codec
        {"errors", "facts", "proto", "codec"},
        {"grpc", "google", "numpy", "torch", "zeroconf"},
    ),
    "emulator": (
        {"errors", "facts", "proto", "codec"},
        {"grpc", "google", "numpy", "cryptography", "grpc_reflection", "zeroconf", "ifaddr"},
    ),
    "graphs": ({"errors", "facts"}, set()),
    "cli": ({"errors", "facts", "client", "codec", "graphs"}, {"numpy", "torch", "PIL"}),
    "nodes": (
        {"errors", "facts", "client", "codec", "graphs"},
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

# What works on the product from outside: it may know every floor, and no floor knows it.
TOOLS = ("benchmarks", "devtools", "scripts")
STANDIN = Path("devtools", "standin")  # plays ComfyUI: its modules have names of their own

# A module or a package by the parts of its path below the root: ("client", "store", "pins").
# The root, a package too, is ().
Name = tuple[str, ...]


def _name_of(path: Path) -> Name:
    parts = path.with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


FILES: dict[Name, Path] = {
    _name_of(path): path
    for pattern in [
        *("__init__.py", "checkout.py", "setup.py", "errors.py"),
        *(f"{folder}/**/*.py" for folder in (*ALLOWED, *TOOLS)),
    ]
    for path in (found.relative_to(ROOT) for found in sorted(ROOT.glob(pattern)))
    if not path.is_relative_to(STANDIN)
}
PACKAGES = sorted({name[:depth] for name in FILES for depth in range(len(name))})


@cache
def _nodes(module: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse((ROOT / module).read_text(encoding="utf-8"))))


def imports(module: Path) -> Iterator[str]:
    """Yield what a module imports: `.floor` for ours, the top-level name for others."""
    package = module.parent.parts
    for node in _nodes(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            target = [*base, *(node.module or "").split(".")]
            names = [part for part in target if part] or [alias.name for alias in node.names]
            yield "." + names[0]
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).split(".")[0]


def arrows(module: Path) -> Iterator[Name]:
    """Yield every module of ours that a module imports, wherever in its text it does.

    A constant of the root, such as its version, is no arrow: the root imports nothing to have it.
    """
    for node in _nodes(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (name := _ours(alias.name)) is not None:
                    yield _known(name, module)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module)
            for alias in node.names if base is not None else ():
                if found := _known((*(base or ()), alias.name), module):
                    yield found


def _base(node: ast.ImportFrom, module: Path) -> Name | None:
    """Return what names are imported from, None where it is somebody else's."""
    if not node.level:
        return _ours(str(node.module))
    package = module.parent.parts
    assert node.level <= len(package) + 1, f"{module} imports from above the root"
    below = node.module.split(".") if node.module else ()
    return (*package[: len(package) - node.level + 1], *below)


def _ours(dotted: str) -> Name | None:
    """Return the name of what an absolute import means, None where it is somebody else's."""
    first, *rest = dotted.split(".")
    if first == "drawbridge":
        return tuple(rest)
    return (first, *rest) if first in (*TOOLS, "tests", "checkout") else None


def _known(name: Name, module: Path) -> Name:
    """Return the module that holds what is imported, which may be a name inside it."""
    if name[:1] == ("tests",):
        return name
    for found in (name, name[:-1]):
        if found in FILES or found in PACKAGES:
            return found
    raise AssertionError(f"{module} imports {'.'.join(name)}, which is not there")


def level(package: Name) -> dict[str, set[str]]:
    """Return who knows whom among what lies directly in a package, its `__init__` included."""
    depth = len(package)

    def child(name: Name) -> str:
        return name[depth] if len(name) > depth else "__init__"

    known: dict[str, set[str]] = {}
    for name, path in FILES.items():
        if name[:depth] != package:
            continue
        for other in arrows(path):
            if other[:depth] == package and child(other) != child(name):
                known.setdefault(child(name), set()).add(child(other))
    return known


def circle(known: Mapping[str, set[str]]) -> list[str]:
    """Return a way that leads back to where it began, [] if there is none."""
    done: set[str] = set()

    def walk(at: str, way: list[str]) -> list[str]:
        if at in way:
            return [*way[way.index(at) :], at]
        if at in done:
            return []
        for other in sorted(known.get(at, ())):
            if found := walk(other, [*way, at]):
                return found
        done.add(at)
        return []

    for start in sorted(known):
        if found := walk(start, []):
            return found
    return []


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


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: "/".join(package) or "root")
def test_no_circle_among_what_lies_in_one_package(package: Name) -> None:
    found = circle(level(package))
    assert not found, f"the arrows run in a circle: {' -> '.join(found)}"


@pytest.mark.parametrize("module", sorted(FILES.values()), ids=str)
def test_nothing_but_a_test_knows_tests(module: Path) -> None:
    assert not [name for name in arrows(module) if name[:1] == ("tests",)]
    in_their_place = [name for name in imports(module) if name in ("tests", "conftest")]
    assert not in_their_place


@pytest.mark.parametrize(
    "module", sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py")), ids=str
)
def test_no_test_knows_another(module: Path) -> None:
    """What tests share is a fixture, or lies in devtools/."""
    known = [".".join(name) for name in arrows(module) if name[:1] == ("tests",)]
    assert not known, "make what is shared a fixture, or put it into devtools/"
    names = {path.stem for path in (ROOT / module).parent.rglob("*.py")}
    assert not names & set(imports(module)), "imports a neighbour by its path"


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_what_ships_knows_none_of_the_tools(module: Path) -> None:
    assert not [name for name in arrows(module) if name[:1] and name[0] in TOOLS]


def test_walk_finds_circles_and_every_kind_of_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Draw a small house with circles on two levels and see the walk find both."""
    texts = {
        "a/__init__.py": "",
        "a/one.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .two import X\n",
        "a/two.py": "def f():\n    from . import one\n",
        "a/three.py": "from ..b.deep.four import Y\n",
        "b/__init__.py": "",
        "b/deep/__init__.py": "",
        "b/deep/four.py": "import drawbridge.a.one\n",
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    files = {_name_of(Path(path)): Path(path) for path in texts}
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    monkeypatch.setitem(globals(), "FILES", files)
    monkeypatch.setitem(globals(), "PACKAGES", [("a",), ("b",), ("b", "deep"), ()])
    _nodes.cache_clear()
    try:
        assert circle(level(())) == ["a", "b", "a"]
        assert circle(level(("a",))) == ["one", "two", "one"]
        assert circle(level(("b",))) == []
    finally:
        _nodes.cache_clear()


def test_version_is_told_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    [version] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__"
    ]
    assert project["project"]["version"] == version
