"""Runs things in an environment of the project's own: `python scripts/dev.py demo` or `test`.

The Makefile calls the same two, so neither needs make. Only Python 3.10 or newer must be there
beforehand; set COMFYUI_PATH to a ComfyUI folder to have both use the real one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "drawbridge-stamp"
OLDEST_PYTHON = (3, 10)
TYPES = ROOT / ".types" / "drawbridge"
CHECKS = (
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "ruff", "check", "."),
    ("-m", "pyright", "--pythonpath", "{python}"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("setup", "demo", "test"))
    options, rest = parser.parse_known_args(arguments)
    if sys.version_info[:2] < OLDEST_PYTHON:
        parser.error(f"Python 3.10 or newer is needed; this is {sys.version.split()[0]}")
    python = set_up()
    if options.command == "demo":
        return run(python, "scripts/demo.py", *rest)
    if options.command == "test":
        return test(python, rest)
    return 0


def set_up() -> Path:
    """Make or refresh the environment; return its Python. Does nothing if nothing has changed."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = hashlib.sha256(
        b"\0".join(
            [(ROOT / name).read_bytes() for name in ("pyproject.toml", "requirements.txt")]
            + [sys.version.encode(), str(ROOT).encode()]
        )
    ).hexdigest()
    if not STAMP.exists() or STAMP.read_text(encoding="utf-8") != stamp:
        say(f"Setting up {ENVIRONMENT.relative_to(ROOT)} (a few minutes, only this once)")
        venv.create(ENVIRONMENT, clear=ENVIRONMENT.exists(), with_pip=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--editable", ".[dev]"],
            cwd=ROOT,
            check=True,
        )
        STAMP.write_text(stamp, encoding="utf-8")
    link_types()
    prepare_comfyui(python)
    return python


def prepare_comfyui(python: Path) -> None:
    """Install what the ComfyUI of COMFYUI_PATH needs, unless it has a Python of its own."""
    sys.path.insert(0, str(ROOT))
    from scripts.comfyui_environment import prepare
    from tests.host.interpreter import PYTHON_VARIABLE, find_comfyui, own_python

    comfyui = find_comfyui()
    if comfyui is None or os.environ.get(PYTHON_VARIABLE) or own_python(comfyui) is not None:
        return
    prepare(comfyui, python)


def link_types() -> None:
    """Let the type checker find `drawbridge`: it cannot follow an editable install."""
    if TYPES.exists():
        return
    TYPES.parent.mkdir(exist_ok=True)
    if os.name == "nt":  # a junction needs no special rights, a symbolic link does
        subprocess.run(["cmd", "/c", "mklink", "/J", str(TYPES), str(ROOT)], check=True)
    else:
        TYPES.symlink_to("..", target_is_directory=True)


def test(python: Path, rest: Sequence[str]) -> int:
    """Run every check, each to its end; return 1 if any failed. `rest` goes to pytest."""
    failed = [
        " ".join(check[1:3])
        for check in CHECKS
        if run(python, *(word.format(python=python) for word in check))
    ]
    workers = ("-n", "auto", "--dist", "loadgroup")
    if run(python, "-m", "pytest", *workers, *rest):
        failed.append("pytest")
    if failed:
        say(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


def run(python: Path, *words: str) -> int:
    """Run Python with these words in the root; return its exit status."""
    say("$ python " + " ".join(words))
    return subprocess.run([python, *words], cwd=ROOT, check=False).returncode


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
