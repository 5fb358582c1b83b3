"""Finds the ComfyUI to test in and the Python that runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PATH_VARIABLE = "COMFYUI_PATH"
PYTHON_VARIABLE = "COMFYUI_PYTHON"
# A few of ComfyUI's own that nothing else brings along, then the pack's.
NEEDED = {
    "ComfyUI": ("torch", "torchvision", "torchaudio", "aiohttp", "comfyui_frontend_package"),
    "Drawbridge": ("grpc", "google.protobuf", "flatbuffers", "numpy", "threadpoolctl"),
}
PROBE = """
import importlib.util, json, sys
def is_missing(name):
    try:
        return importlib.util.find_spec(name) is None
    except ModuleNotFoundError:
        return True
print(json.dumps([name for name in sys.argv[1:] if is_missing(name)]))
"""


class HostError(Exception):
    """The real ComfyUI is not there, does not start, or does not answer."""


def find_comfyui(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return the first folder that COMFYUI_PATH names, or None where it is not set.

    Raises HostError where one of the folders holds no ComfyUI.
    """
    return next(iter(find_comfyuis(environ)), None)


def find_comfyuis(environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Return the folders that COMFYUI_PATH names, with the path separator between them.

    Raises HostError where one of them holds no ComfyUI.
    """
    folders = _named(environ, PATH_VARIABLE)
    for folder in folders:
        if not (folder / "main.py").is_file() or not (folder / "comfy").is_dir():
            problem = f"{PATH_VARIABLE} names {folder}, which holds no ComfyUI (main.py, comfy/)."
            raise HostError(f"{problem} Correct the variable.")
    return folders


def find_python(comfyui: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the Python that runs a ComfyUI: the variable's, its own environment's, or this one.

    COMFYUI_PYTHON names one for all, or one for each folder of COMFYUI_PATH, in the same order.
    Raises HostError where it names no file, or another number. Links are kept: in a virtual
    environment, Python is one.
    """
    pythons = _named(environ, PYTHON_VARIABLE)
    if not pythons:
        return own_python(comfyui) or Path(sys.executable)
    for python in pythons:
        if not python.is_file():
            raise HostError(f"{PYTHON_VARIABLE} names {python}, which is no file.")
    if len(pythons) == 1:
        return pythons[0]
    folders = _named(environ, PATH_VARIABLE)
    if len(pythons) != len(folders) or comfyui.absolute() not in folders:
        raise HostError(
            f"{PYTHON_VARIABLE} names {len(pythons)} files and {PATH_VARIABLE} {len(folders)} "
            "folders. Name one Python for all of them, or one for each."
        )
    return pythons[folders.index(comfyui.absolute())]


def _named(environ: Mapping[str, str], variable: str) -> tuple[Path, ...]:
    parts = environ.get(variable, "").split(os.pathsep)
    return tuple(Path(part).expanduser().absolute() for part in parts if part)


def own_python(comfyui: Path) -> Path | None:
    """Return the Python of an environment in a ComfyUI folder or, as on Windows, beside it."""
    inside = [
        comfyui / environment / python
        for environment in (".venv", "venv")
        for python in ("bin/python", "Scripts/python.exe")
    ]
    candidates = [*inside, comfyui.parent / "python_embeded" / "python.exe"]
    return next((python for python in candidates if python.is_file()), None)


def check_python(python: Path) -> None:
    """Raise HostError, saying what to install, where `python` lacks ComfyUI's or our packages."""
    names = [name for group in NEEDED.values() for name in group]
    answer = subprocess.run(
        [str(python), "-c", PROBE, *names], capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        raise HostError(f"{python} does not run: {answer.stderr.strip()}")
    missing = json.loads(answer.stdout)
    for owner, group in NEEDED.items():
        lacking = [name for name in group if name in missing]
        if lacking:
            raise HostError(
                f"{python} is to run ComfyUI and lacks {', '.join(lacking)}. Install {owner}'s "
                f"requirements.txt there, or name another Python in {PYTHON_VARIABLE}."
            )
