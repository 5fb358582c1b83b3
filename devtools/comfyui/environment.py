"""Installs what a ComfyUI checkout needs beside the torch that an environment already has.

For `make test COMFYUI_PATH=...` with a checkout that has no environment of its own. Needs the
standard library alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import tempfile
import zipfile
from pathlib import Path

STAMP = "comfyui-requirements.sha256"
FRONTEND = "comfyui-frontend-package"
RECIPE = "1"  # raise it when the steps below change, so that old stamps count no longer
ABOUT = (
    "import importlib.metadata, json, sys;"
    'print(json.dumps({"prefix": sys.prefix, "torch": importlib.metadata.version("torch")}))'
)


def prepare(comfyui_path: Path, python: Path) -> None:
    """Install ComfyUI's requirements for `python`, keeping the torch that is installed there.

    Does nothing where the same requirements were installed for the same torch before. Raises
    FileNotFoundError where `comfyui_path` holds no ComfyUI, RuntimeError where `python` has no
    torch, and subprocess.CalledProcessError where pip fails.
    """
    listed = (comfyui_path / "requirements.txt").read_text(encoding="utf-8")
    prefix, torch = _installed(python)
    wanted = hashlib.sha256("\n".join([RECIPE, torch, listed]).encode()).hexdigest()
    stamp = prefix / STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder, "constraints.txt")
        constraints.write_text(f"torch=={torch}\n", encoding="utf-8")
        requirements = Path(folder, "requirements.txt")
        requirements.write_text("\n".join(without_torch(listed)) + "\n", encoding="utf-8")
        # Their own torch requirement names another build of it, or a newer release.
        _pip(python, "--no-deps", *torch_companions(torch))
        _pip(python, "-c", str(constraints), "-r", str(requirements))
    stamp.write_text(wanted, encoding="utf-8")


def frontend(python: Path, folder: Path, release: str = "newest") -> Path:
    """Return a folder with a release of ComfyUI's page, kept below `folder`: `1.58.1`, `newest`.

    Raises RuntimeError where it is neither there nor to be had. Without a network, the newest is
    the newest that is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = FRONTEND if release == "newest" else f"{FRONTEND}=={release}"
    wheels = _wheels(folder, release)
    if release == "newest" or not wheels:
        command = [str(python), "-m", "pip", "download", "--disable-pip-version-check", "--quiet"]
        subprocess.run([*command, "--no-deps", "--dest", str(folder), wanted], check=False)
        wheels = _wheels(folder, release)
    if not wheels:
        raise RuntimeError(
            f"{wanted} could not be downloaded. Name a folder or a release in COMFYUI_FRONTENDS."
        )
    unpacked = wheels[-1].with_suffix("")
    static = unpacked / FRONTEND.replace("-", "_") / "static"
    if not static.is_dir():
        with tempfile.TemporaryDirectory(dir=folder) as half:
            with zipfile.ZipFile(wheels[-1]) as archive:
                archive.extractall(half)
            Path(half).replace(unpacked)
            Path(half).mkdir()  # what the context manager takes away
    return static


def _wheels(folder: Path, release: str) -> list[Path]:
    """Return the wheels of a release that are there, or all for "newest", oldest first."""
    wheels = sorted(folder.glob("*.whl"), key=_release)
    return [one for one in wheels if release in ("newest", one.name.split("-")[1])]


def _release(wheel: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", wheel.name.split("-")[1])]


def without_torch(requirements: str) -> list[str]:
    """Return a requirements file's lines without the torch family, plus what ComfyUI forgets."""
    lines = [line.strip() for line in requirements.splitlines()]
    kept = [line for line in lines if not re.match(r"torch(vision|audio)?\b(?!-)", line)]
    return [*kept, "requests"]  # imported by ComfyUI, required by it only through others


def torch_companions(torch: str) -> list[str]:
    """Return the requirements for the torchvision and torchaudio that go with a torch version.

    torchvision counts its own releases, fifteen minor numbers off torch's. torchaudio had torch's
    numbers up to 2.11; that release serves the later ones.
    """
    match = re.match(r"2\.(\d+)\.", torch)
    if match is None:
        raise RuntimeError(f"No torchvision release is known for torch {torch}.")
    minor = int(match[1])
    return [f"torchvision==0.{minor + 15}.*", f"torchaudio>=2.{min(minor, 11)},<2.{minor + 1}"]


def _installed(python: Path) -> tuple[Path, str]:
    """Return the prefix of an environment and the version of its torch, local part included."""
    answer = subprocess.run([str(python), "-c", ABOUT], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        last = answer.stderr.strip().splitlines()[-1:]
        raise RuntimeError(f"{python} has no torch to build ComfyUI's environment on: {last}.")
    about = json.loads(answer.stdout)
    return Path(about["prefix"]), about["torch"]


def _pip(python: Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*command, *arguments], check=True)


def main() -> None:
    """Prepare one environment from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("comfyui_path", type=Path, help="folder of the ComfyUI checkout")
    parser.add_argument("python", type=Path, help="Python of the environment, with torch installed")
    arguments = parser.parse_args()
    prepare(arguments.comfyui_path, arguments.python)


if __name__ == "__main__":
    main()
