"""Gives odd bytes to whatever reads bytes of others: `python scripts/dev.py fuzz`, `make fuzz`.

Each target (devtools/fuzz/targets.py) has its share of the time. With the package atheris it is
searched by the lines that run, without it by the answers that come. Where a target raises what it
may not, the status is 1, and the input lies in the folder `fuzz-findings`: put it into
devtools/fuzz/corpus, and it is tried in every test run from then on.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
import checkout  # noqa: E402 - the checkout gets its name first

checkout.register()
sys.path.append(str(ROOT / "devtools" / "standin"))  # plays ComfyUI, for the routes

FOUND = ROOT / "fuzz-findings"
_NOT_BY_DEFAULT = "fpzip"  # starts a process for each input that ends it


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz; return 0 where nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300, help="for all (default: %(default)s)")
    parser.add_argument("--target", action="append", help="one of several (default: most)")
    parser.add_argument("--engine", choices=("auto", "atheris", "own"), default="auto")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", type=Path, help="a folder for inputs that are taken in new ways")
    parser.add_argument("--beside", action="store_true", help="leave others what they need")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.beside and hasattr(os, "nice"):
        os.nice(10)
    engine = chosen.engine
    if engine == "auto":
        engine = "atheris" if importlib.util.find_spec("atheris") else "own"
    if chosen.inside:
        return _atheris(chosen)
    from drawbridge.devtools.fuzz.targets import TARGETS

    targets = chosen.target or [name for name in TARGETS if name != _NOT_BY_DEFAULT]
    FOUND.mkdir(exist_ok=True)
    seconds = max(chosen.seconds // len(targets), 1)
    _say(f"{len(targets)} targets, {seconds} s each, {engine}, seed {chosen.seed}")
    failed = [
        target
        for target in targets
        if not (_own if engine == "own" else _in_process)(target, seconds, chosen)
    ]
    if failed:
        _say(f"Found something in {', '.join(failed)}: see {FOUND}")
    return 1 if failed else 0


def _own(target: str, seconds: int, chosen: argparse.Namespace) -> bool:
    """Fuzz with our own changes; return whether all went well."""
    from drawbridge.devtools.fuzz import corpus, loop

    began = time.monotonic()
    try:
        pool = loop.replay(target)
        known = len(pool.ways)
        loop.mutate_for(pool, chosen.seed, loop.for_seconds(seconds))
    except loop.Found as found:
        path = corpus.keep(FOUND, target, found.data)
        _say(f"{target:<16}{found}\n{'':<16}{path}")
        return False
    spent = time.monotonic() - began
    new = list(pool.ways.values())[known:]
    _say(
        f"{target:<16}{pool.rounds:>10,} inputs{pool.rounds / spent:>10,.0f} a second"
        f"{known:>6} known ways{len(new):>6} new"
    )
    for data in new if chosen.keep else ():
        corpus.keep(chosen.keep, target, data)
    return True


def _in_process(target: str, seconds: int, chosen: argparse.Namespace) -> bool:
    """Fuzz with atheris, which ends its process, in one of its own."""
    words = ("--inside", "--target", target, "--seconds", str(seconds), "--seed", str(chosen.seed))
    program = [sys.executable, str(Path(__file__)), *words]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    from drawbridge.devtools.fuzz import loop

    count, cover = loop.atheris_figures(done.stderr)
    _say(f"{target:<16}{count:>10,} inputs{count / seconds:>10,.0f} a second  {cover[:70]}")
    if done.returncode:
        _say(done.stderr[-4000:])
    return not done.returncode


def _atheris(chosen: argparse.Namespace) -> int:
    """Search one target; atheris ends the process."""
    atheris: Any = importlib.import_module("atheris")  # not on every system
    [target] = chosen.target
    with contextlib.ExitStack() as stack:
        # also what is imported only while it searches, such as the routes
        stack.enter_context(atheris.instrument_imports(include=["drawbridge"]))
        from drawbridge.devtools.fuzz import corpus, loop

        seeds = FOUND / f"seeds-{target}"
        for data in corpus.inputs(target):
            corpus.keep(seeds.parent, seeds.name, data)
        loop.atheris_loop(target, chosen.seconds, str(FOUND), chosen.seed)
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
