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
    "Drawbridge": ("grpc", "google.protobuf", "flatbuffers", "numpy"),
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
    """Return the folder that COMFYUI_PATH names, or None where it is not set.

    Raises HostError where it is set and holds no ComfyUI.
    """
    if not environ.get(PATH_VARIABLE):
        return None
    folder = Path(environ[PATH_VARIABLE]).expanduser().absolute()
    if not (folder / "main.py").is_file() or not (folder / "comfy").is_dir():
        raise HostError(f"{PATH_VARIABLE} is {folder}, which holds no ComfyUI (main.py, comfy/).")
    return folder


def find_python(comfyui: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the Python that runs a ComfyUI: the variable's, its own environment's, or this one.

    Raises HostError where COMFYUI_PYTHON names no file. Links are kept: in a virtual environment,
    Python is one.
    """
    if environ.get(PYTHON_VARIABLE):
        python = Path(environ[PYTHON_VARIABLE]).expanduser().absolute()
        if not python.is_file():
            raise HostError(f"{PYTHON_VARIABLE} is {python}, which is no file.")
        return python
    return own_python(comfyui) or Path(sys.executable)


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
