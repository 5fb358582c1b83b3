"""The package as people install it: a wheel in an environment of its own, with all it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_SHIPPED = {"benchmarks", "devtools", "docs", "scripts", "tests"}
# Nothing of these is source: a build of an older state among them would end up in the wheel.
LEFT_OUT = shutil.ignore_patterns(
    *(".*", "__pycache__", "*.egg-info", "build", "dist", "node_modules", "demo-output", "vectors")
)
# Runs in the new environment; prints what it found as JSON.
PROBE = """
import importlib, json, pkgutil, sys
from pathlib import Path

import drawbridge
from drawbridge.client.catalog import official
from drawbridge.client.connection.channel import draw_things_root
from drawbridge.facts.latent_spaces import latent_spaces

home = Path(drawbridge.__file__).parent
modules = [
    found.name
    for found in pkgutil.walk_packages([str(home)], "drawbridge.")
    # The nodes need ComfyUI.
    if not found.name.startswith("drawbridge.nodes") and not found.name.endswith("__main__")
]
for name in modules:
    importlib.import_module(name)
from drawbridge import *
print(json.dumps({
    "home": str(home),
    "modules": len(modules),
    "exported": all(globals()[name].__module__.startswith("drawbridge")
                    for name in drawbridge.__all__ if hasattr(globals()[name], "__name__")),
    "official": len(official.files()),
    "spaces": len(latent_spaces()),
    "root": draw_things_root().decode(),
    "schemas": [len((home / "proto" / name).read_bytes())
                for name in ("image_service.proto", "generation_config.fbs")],
    "foreign": sorted({str(module.__file__) for name, module in list(sys.modules.items())
                       if name.split(".")[0] == "drawbridge"
                       and not Path(str(module.__file__)).is_relative_to(home)}),
}))
"""


def floors() -> list[Path]:
    """Return the folders of the root that are packages and ship."""
    found = sorted(path.parent for path in ROOT.glob("*/__init__.py"))
    return [folder for folder in found if folder.name not in NOT_SHIPPED]


def expected() -> set[str]:
    """Return every file that the wheel has to hold, data files included."""
    below = (path for floor in floors() for path in floor.rglob("*") if path.is_file())
    files = [ROOT / "__init__.py", ROOT / "errors.py", ROOT / "py.typed", *below]
    return {
        "drawbridge/" + path.relative_to(ROOT).as_posix()
        for path in files
        if "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built offline from a copy of the checkout."""
    base = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, base / "source", ignore=LEFT_OUT)
    _pip("wheel", "--no-build-isolation", "--wheel-dir", str(base), str(base / "source"))
    [built] = base.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that has the wheel, and its requirements from the one that runs the tests."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    scripts = Path(sysconfig.get_path("scripts", "venv", {"base": str(home)}))
    _pip("--python", str(scripts / "python"), "install", str(wheel))
    # A line of a .pth file brings a folder, not the .pth files in it: an editable install of the
    # checkout stays out.
    packages = sysconfig.get_path("purelib", "venv", {"base": str(home)})
    lines = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    (Path(packages) / "requirements.pth").write_text("\n".join(sorted(lines)), encoding="utf-8")
    return scripts


def _pip(*words: str) -> None:
    common = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")
    place = words.index("install") if "install" in words else 0
    words = (*words[: place + 1], *common, *words[place + 1 :])
    _run(sys.executable, "-m", "pip", *words)


def _run(*words: str | Path, cwd: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def found(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the installed package says about itself."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    return json.loads(_run(installed / "python", "-I", "-c", PROBE, cwd=elsewhere))


@pytest.mark.xdist_group("package")
def test_wheel_holds_every_file_of_every_floor_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert len(floors()) >= 7
    assert names == expected()


@pytest.mark.xdist_group("package")
def test_every_module_imports_where_it_is_installed(found: dict[str, Any], installed: Path) -> None:
    assert Path(found["home"]).is_relative_to(installed.parent)
    assert found["foreign"] == []
    assert found["exported"]
    in_source = [
        path
        for floor in floors()
        for path in floor.rglob("*.py")
        if floor.name != "nodes" and path.name != "__main__.py"
    ]
    assert found["modules"] >= len(in_source)


@pytest.mark.xdist_group("package")
def test_data_files_are_read_where_they_are_installed(found: dict[str, Any]) -> None:
    assert found["official"] > 100
    assert found["spaces"] > 5
    assert found["root"].startswith("-----BEGIN CERTIFICATE-----")
    proto = ROOT / "proto"
    schemas = [proto / "image_service.proto", proto / "generation_config.fbs"]
    assert found["schemas"] == [path.stat().st_size for path in schemas]


@pytest.mark.xdist_group("package")
@pytest.mark.parametrize("script", ["drawbridge", "drawbridge-emulator"])
def test_console_script_starts(script: str, installed: Path, tmp_path: Path) -> None:
    assert f"usage: {script}" in _run(installed / script, "--help", cwd=tmp_path)
