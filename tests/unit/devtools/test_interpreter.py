"""Is the right Python chosen to run ComfyUI, and is a wrong one told apart?"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from drawbridge.devtools.comfyui import interpreter
from drawbridge.devtools.comfyui.interpreter import (
    HostError,
    check_python,
    find_comfyui,
    find_comfyuis,
    find_python,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like ComfyUI's."""
    comfyui = tmp_path / "ComfyUI"
    (comfyui / "comfy").mkdir(parents=True)
    (comfyui / "main.py").touch()
    return comfyui


def touched(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.touch()
    return path


@pytest.mark.parametrize("environ", [{}, {"COMFYUI_PATH": ""}])
def test_unset_path_is_no_comfyui(environ: dict[str, str]) -> None:
    assert find_comfyui(environ) is None


def test_path_is_found(folder: Path) -> None:
    assert find_comfyui({"COMFYUI_PATH": str(folder)}) == folder


def test_path_without_comfyui_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="holds no ComfyUI"):
        find_comfyui({"COMFYUI_PATH": str(tmp_path)})


def test_path_may_name_several(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    folder.rename(other)
    touched(folder / "main.py")
    (folder / "comfy").mkdir()
    pythons = [touched(tmp_path / name / "python") for name in ("a", "b")]
    environ = {"COMFYUI_PATH": os.pathsep.join([str(folder), str(other)])}

    assert find_comfyuis(environ) == (folder, other)
    environ["COMFYUI_PYTHON"] = os.pathsep.join(map(str, pythons))
    assert [find_python(one, environ) for one in (folder, other)] == pythons
    environ["COMFYUI_PYTHON"] = str(pythons[1])
    assert find_python(folder, environ) == find_python(other, environ) == pythons[1]


def test_other_number_of_pythons_is_an_error(folder: Path) -> None:
    pythons = os.pathsep.join([sys.executable] * 2)
    with pytest.raises(HostError, match="names 2 files and COMFYUI_PATH 1 folders"):
        find_python(folder, {"COMFYUI_PATH": str(folder), "COMFYUI_PYTHON": pythons})


@pytest.mark.parametrize(
    "python",
    [
        ".venv/bin/python",
        "venv/bin/python",
        "venv/Scripts/python.exe",
        "../python_embeded/python.exe",
    ],
)
def test_own_environment_is_found(folder: Path, python: str) -> None:
    expected = touched(folder / python)

    assert find_python(folder, {}).samefile(expected)


def test_variable_comes_first(folder: Path) -> None:
    touched(folder / "venv" / "bin" / "python")

    assert find_python(folder, {"COMFYUI_PYTHON": sys.executable}) == Path(sys.executable)


def test_variable_without_file_is_an_error(folder: Path) -> None:
    with pytest.raises(HostError, match="is no file"):
        find_python(folder, {"COMFYUI_PYTHON": str(folder / "nothing")})


def test_this_python_comes_last(folder: Path) -> None:
    assert find_python(folder, {}) == Path(sys.executable)


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {"ComfyUI": ("json",), "Drawbridge": ("no_such_package", "no_such.part")}
    monkeypatch.setattr(interpreter, "NEEDED", needed)

    with pytest.raises(HostError, match=r"lacks no_such_package, no_such\.part\. .*Drawbridge's"):
        check_python(Path(sys.executable))
